/** A label and how likely it is, as the Hub's classification tasks give it. */
export interface LabelScore {
  readonly label: string;
  /** In [0, 1], unless the caller asked for raw logits. */
  readonly score: number;
}

/** What text-classification takes: one text, or two whose relation is judged. */
export interface TextPair {
  readonly text: string;
  readonly text_pair?: string;
}

/** One candidate for a masked token. */
export interface MaskedToken {
  /** Probability of the token, in [0, 1]. */
  readonly score: number;
  /** Its id in the vocabulary. */
  readonly token: number;
  readonly token_str: string;
  /** The text with the token in its place. */
  readonly sequence: string;
}

/** Where something stands in a text, and how likely it is. */
interface PlaceInText {
  /** Probability, in [0, 1]. */
  readonly score: number;
  /** `[start, end)` in UTF-16 units. */
  readonly start: number;
  readonly end: number;
  /** The same in code points, when asked for. Not of the Hub's task. */
  readonly code_points?: readonly [number, number];
}

/** A labelled span of a text, as the Hub's token-classification gives it where tokens are aggregated. */
export interface TokenEntity extends PlaceInText {
  /** Type of the span: `PER`. */
  readonly entity_group: string;
  /** The text from `start` to `end`. */
  readonly word: string;
}

/** A labelled token, as the Hub's token-classification gives it with `aggregation_strategy: 'none'`. */
export interface ClassifiedToken extends PlaceInText {
  /** `B-PER` */
  readonly entity: string;
  /** Place among the tokens of the text, special ones included. */
  readonly index: number;
  /** The token as the vocabulary has it: `##er`. */
  readonly word: string;
}

/**
 * What the Hub's tasks take and give, per item, so that `pipeline('text-classification', …)` is typed by its task id.
 * The app named like a task keeps these shapes. Packages with tasks of their own add to this interface by declaration
 * merging.
 *
 * @see https://www.npmjs.com/package/@huggingface/tasks for the originals
 */
export interface TaskShapes {
  'text-classification': {
    readonly item: string | TextPair;
    readonly parameters: {
      /** Labels to return; default: all. */
      readonly top_k?: number;
      /** Default: what the model was trained with. */
      readonly function_to_apply?: 'sigmoid' | 'softmax' | 'none';
      /** Leave out labels with a lower score. Not of the Hub's task. */
      readonly threshold?: number;
      /** Of labels that may hold at once, return those that do. Not of the Hub's task. */
      readonly apply_thresholds?: boolean;
    };
    /** Best first. */
    readonly output: readonly LabelScore[];
  };
  'token-classification': {
    readonly item: string | { readonly text: string };
    readonly parameters: {
      /** Default: `simple`. */
      readonly aggregation_strategy?: 'none' | 'simple' | 'first' | 'average' | 'max';
      /** Labels, or types of spans, to leave out; default: `['O']`. */
      readonly ignore_labels?: readonly string[];
      /** Tokens that neighbouring windows of a long text share; default: a quarter of a window. */
      readonly stride?: number;
      /** Adds offsets in code points. Not of the Hub's task. */
      readonly code_points?: boolean;
    };
    /** In the order of the text; tokens with `aggregation_strategy: 'none'`, otherwise spans. */
    readonly output: readonly TokenEntity[] | readonly ClassifiedToken[];
  };
  'fill-mask': {
    readonly item: string | { readonly text: string };
    readonly parameters: {
      readonly top_k?: number;
      /** Only these tokens are candidates. */
      readonly targets?: readonly string[];
    };
    /** Best first; a list per mask where the text has several. */
    readonly output: readonly MaskedToken[] | readonly (readonly MaskedToken[])[];
  };
  'feature-extraction': {
    readonly item: string | { readonly text: string };
    readonly parameters: {
      /** Scale to length 1; default: what the model folder says. */
      readonly normalize?: boolean;
      /** Cut what is too long instead of refusing it; default true. */
      readonly truncate?: boolean;
      /** Name of a prompt that the model folder defines, put before the text. */
      readonly prompt_name?: string;
      /** How token vectors become one; `none` returns one per token. Default: as the folder says. Not of the Hub's task. */
      readonly pooling?: 'mean' | 'cls' | 'max' | 'none';
    };
    /** One vector, or with pooling `none` one per token. */
    readonly output: readonly number[] | readonly (readonly number[])[];
  };
}
