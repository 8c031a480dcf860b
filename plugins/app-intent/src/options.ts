import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';

/** An object whose values are strings. */
function IsStringMap(): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'object' && value !== null && Object.values(value).every((name) => typeof name === 'string');
  return ValidateBy({ name: 'isStringMap', validator: { validate, defaultMessage: () => 'must map names to names' } });
}

/**
 * How slot knowledge enters, from nothing to the whole of the architecture; the steps between are its ablations.
 * `none` text only; `typed` labels typed into the input as tokens; `add` pooled slots added; `attention` slot
 * attention added; `gated` with the dynamic gate; `full` with multi-head attention over the fused sequence.
 */
export const fusionModes = ['none', 'typed', 'add', 'attention', 'gated', 'full'] as const;
export type FusionMode = (typeof fusionModes)[number];

export const poolingModes = ['max', 'mean', 'attn'] as const;
export const gateModes = ['vector', 'scalar', 'additive'] as const;

export class FusionOptions {
  @IsIn(fusionModes) mode: FusionMode = 'full';
  /** Several labels on a position become one vector. `max` is order-free and robust to duplicates. */
  @IsIn(poolingModes) pooling: (typeof poolingModes)[number] = 'max';
  @IsIn(gateModes) gate: (typeof gateModes)[number] = 'vector';
  /** Width of a slot label's vector. */
  @IsInt() @Min(4) @Max(1024) slotSize = 128;
  /** Width of the space shared by text and slots. */
  @IsInt() @Min(4) @Max(1024) sharedSize = 256;
  /** Heads of the attention over the fused sequence; must divide the encoder's hidden size. */
  @IsInt() @Min(1) @Max(64) heads = 8;
  /** Labels kept on one position. */
  @IsInt() @Min(1) @Max(32) maxLabels = 8;
  /** Start of the gate's bias: 2 opens it to 0.88 text, so that training starts from the plain encoder. */
  @IsNumber() gateBias = 2;
}

/** Training noise: the lexicon is dirty, and the gate must learn that a match may be missing or wrong. */
export class NoiseOptions {
  /** Probability per match of dropping all its labels. */
  @IsNumber() @Min(0) @Max(1) drop = 0.15;
  /** Probability per text of a false match on a random 2–4 character span. */
  @IsNumber() @Min(0) @Max(1) falseMatch = 0.05;
  /** Probability per match of another type. */
  @IsNumber() @Min(0) @Max(1) swapType = 0.03;
  /**
   * Probability per match of replacing its tokens by the unknown token while its labels stay. Without it, the encoder
   * learns the names of the training texts by heart and has no reason to heed the labels.
   */
  @IsNumber() @Min(0) @Max(1) maskMatched = 0;
  /** Probability per token of replacing it by the unknown token (word dropout; regularises small data). */
  @IsNumber() @Min(0) @Max(1) wordDropout = 0;
  /**
   * Hide a match from the one training text its surface was taken from, as at test time, where a value known from
   * training is by construction known from another text.
   */
  @IsBoolean() leaveOneOut = true;
}

export class LexiconOptions {
  /** Build entries from the slot values of the training split. */
  @IsBoolean() fromTraining = true;
  /** Names of recipe resources with word lists to add: JSON lines `{word|surface, category|type, count?|df?}`. */
  @IsArray() @IsString({ each: true }) resources: string[] = [];
  /** Only these categories of the resources, renamed: category → slot type. Absent: every category as it is. */
  @IsOptional() @IsStringMap() categories?: Record<string, string>;
  /** Shortest surface kept, in characters. */
  @IsInt() @Min(1) minLength = 2;
  /** Surfaces kept although they are shorter. */
  @IsOptional() @IsArray() @IsString({ each: true }) whitelist?: string[];
  /**
   * Name of a recipe resource with everyday words, JSON lines `{word, count}`: surfaces among the 5,000 most frequent
   * are dropped, unless they are in the top 1 % of their list by popularity.
   */
  @IsOptional() @IsString() commonWords?: string;
  /**
   * Least share of a surface's occurrences in the training texts that are annotated with the entry's type; below it,
   * an entry from training is dropped. Keeps a song called 我要听 from matching every request.
   */
  @IsNumber() @Min(0) @Max(1) minPrecision = 0;
  /** Control experiment: permute the types of all entries. */
  @IsBoolean() shuffleTypes = false;
}

export class TokenizerOptions {
  /** Size of the WordPiece vocabulary trained on the training texts when there is no base model. */
  @IsInt() @Min(64) @Max(65536) vocabSize = 8000;
  @IsInt() @Min(1) minFrequency = 1;
  @IsBoolean() lowercase = true;
}

export class RejectionOptions {
  /** Intent that stands for "none of these". Absent: the most likely intent is always answered. */
  @IsOptional() @IsString() fallback?: string;
  /** Below this probability the answer is the fallback. Absent: chosen on the validation split. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) threshold?: number;
}

export const slotSources = ['lexicon', 'predict'] as const;
export type SlotSource = (typeof slotSources)[number];

/** The `options` section of an intent recipe. */
export class IntentOptions {
  @IsString() textField = 'text';
  /** Field with the gold intent (a string) or intents (a list of strings). */
  @IsString() labelField = 'intent';
  /** Several intents may hold at once: sigmoid outputs, a threshold instead of an arg max. */
  @IsBoolean() multiLabel = false;
  @IsInt() @Min(4) @Max(512) maxLength = 64;
  @IsNumber() @Min(0) @Max(0.5) labelSmoothing = 0;
  /** Weight classes by inverse frequency to this power (0 = off), clipped to [0.5, 5]. */
  @IsNumber() @Min(0) @Max(1) classWeightPower = 0;
  /**
   * Where the slots of answers come from: matches of the lexicons alone, or where there are none also what the model
   * tags, in the same pass. `predict` needs records with `slots`.
   */
  @IsIn(slotSources) slots: SlotSource = 'lexicon';
  /**
   * Weight of the loss of tagging the gold slots from the encoder's states, beside that of the intent; 0 with `slots:
   * predict` counts as 1. Without `predict` it only teaches the encoder what names look like, and nothing of it is left
   * in the exported graph. Needs records with `slots`.
   */
  @IsNumber() @Min(0) @Max(10) slotLoss = 0;
  /** Dropout before the output layer. */
  @IsNumber() @Min(0) @Max(0.9) headDropout = 0.1;
  @ValidateNested() @Type(() => FusionOptions) fusion = new FusionOptions();
  @ValidateNested() @Type(() => NoiseOptions) noise = new NoiseOptions();
  @ValidateNested() @Type(() => LexiconOptions) lexicon = new LexiconOptions();
  @ValidateNested() @Type(() => TokenizerOptions) tokenizer = new TokenizerOptions();
  @ValidateNested() @Type(() => RejectionOptions) rejection = new RejectionOptions();
}

/** What the tagging loss counts for; 0 where nothing is tagged. */
export function taggingWeight({ slots, slotLoss }: Pick<IntentOptions, 'slots' | 'slotLoss'>): number {
  return slots === 'predict' && slotLoss === 0 ? 1 : slotLoss;
}
