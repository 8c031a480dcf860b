import { planWindows, type Window } from '@zooid/tagging';
import type { Random, TensorMap } from '@zooid/tensor';
import { type Encoding, graphInputs, padEncodings, type Tokenizer } from '@zooid/tokenizers';

/** A text as tokens, however many. */
export interface TextTokens {
  readonly text: string;
  readonly encoding: Encoding;
  /** `[head, tail)`: the tokens of the text; special ones stand before and after. */
  readonly head: number;
  readonly tail: number;
  /** `[begin, end)`: those of them that are meant; all, or a section of a very long text. */
  readonly begin: number;
  readonly end: number;
}

/** A window of a text with special tokens around it. */
export interface WindowRow {
  readonly length: number;
  readonly encoding: Pick<Encoding, 'ids' | 'typeIds' | 'padId'>;
  readonly window: Window;
  /** Special tokens before the window's first. */
  readonly before: number;
}

export interface FeaturizerOptions {
  readonly tokenizer: Tokenizer;
  /** Most tokens that the network reads at once. */
  readonly maxLength: number;
  /** Inputs of the graph; absent: ids, mask and types. */
  readonly inputs: readonly string[] | undefined;
}

/** Text → tokens → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  /** Tokens of a text in one window. */
  readonly room: number;

  constructor(private readonly options: FeaturizerOptions) {
    this.room = options.maxLength - options.tokenizer.encode('', { parseSpecialTokens: false }).length;
  }

  /** @param maxLength cuts the text; absent: all of it. */
  tokens(text: string, maxLength?: number): TextTokens {
    // Texts come from strangers: '[SEP]' in one is five characters.
    const cut = maxLength === undefined ? {} : { maxLength };
    const encoding = this.options.tokenizer.encode(text, { parseSpecialTokens: false, ...cut });
    const { specialMask, length } = encoding;
    let head = 0;
    while (head < length && specialMask[head] === 1) head++;
    let tail = length;
    while (tail > head && specialMask[tail - 1] === 1) tail--;
    return { text, encoding, head, tail, begin: head, end: tail };
  }

  /** The rows that read a text, in its order. */
  windows({ encoding, head, tail, begin, end }: TextTokens, overlap: number): WindowRow[] {
    const { ids, typeIds, padId } = encoding;
    const around = (values: Int32Array | Uint8Array, { from, to }: Window): number[] => [
      ...values.subarray(0, head),
      ...values.subarray(begin + from, begin + to),
      ...values.subarray(tail),
    ];
    return planWindows(end - begin, this.room, overlap).map((window) => {
      const part = { ids: Int32Array.from(around(ids, window)), typeIds: Uint8Array.from(around(typeIds, window)) };
      return {
        length: part.ids.length,
        encoding: padId === undefined ? part : { ...part, padId },
        window,
        before: head,
      };
    });
  }

  /**
   * Pads to the longest row.
   *
   * @throws ValidationError when the graph wants inputs that texts cannot fill.
   */
  collate(rows: readonly { readonly encoding: WindowRow['encoding'] }[]): TensorMap {
    return graphInputs(padEncodings(rows.map(({ encoding }) => encoding as Encoding)), this.options.inputs);
  }

  /** The encoding with tokens of the text replaced by the unknown one, each with probability `rate`. */
  dropWords({ ids, typeIds, specialMask, padId }: Encoding, rate: number, random: Random): WindowRow['encoding'] {
    const unknown = this.options.tokenizer.specialIds.unk;
    const dropped =
      unknown === undefined ? ids : ids.map((id, i) => (specialMask[i] === 0 && random.bernoulli(rate) ? unknown : id));
    return { ids: dropped, typeIds, ...(padId === undefined ? {} : { padId }) };
  }
}
