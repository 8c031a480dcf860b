import type { HostTensor, Random, TensorMap } from '@zooid/tensor';
import { type Encoding, graphInputs, padEncodings, type Tokenizer } from '@zooid/tokenizers';

/** One text or pair as tokens. */
export interface TextFeatures {
  /** Tokens including special ones. */
  readonly length: number;
  readonly encoding: Encoding;
}

export interface FeaturizerOptions {
  readonly tokenizer: Tokenizer;
  /** Most tokens of an input. */
  readonly maxLength: number;
  /** Inputs of the graph; absent: ids, mask and types. */
  readonly inputs: readonly string[] | undefined;
}

/** Text → tokens → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  constructor(private readonly options: FeaturizerOptions) {}

  featurize({
    text,
    text_pair: pair,
  }: {
    readonly text: string;
    readonly text_pair?: string | undefined;
  }): TextFeatures {
    const { tokenizer, maxLength } = this.options;
    // Texts come from strangers: '[SEP]' in one is five characters.
    const options = { maxLength, parseSpecialTokens: false, ...(pair === undefined ? {} : { pair }) };
    const encoding = tokenizer.encode(text, options);
    return { length: encoding.length, encoding };
  }

  /**
   * Pads to the longest row.
   *
   * @param noise replaces tokens of the texts by the unknown one, each with probability `rate`.
   * @throws ValidationError when the graph wants inputs that texts cannot fill.
   */
  collate(rows: readonly TextFeatures[], noise?: { readonly rate: number; readonly random: Random }): TensorMap {
    const encodings = rows.map(({ encoding }) => encoding);
    const dropped =
      noise === undefined || noise.rate === 0
        ? encodings
        : encodings.map((encoding) => this.dropWords(encoding, noise));
    return graphInputs(padEncodings(dropped), this.options.inputs);
  }

  private dropWords(
    encoding: Encoding,
    { rate, random }: { readonly rate: number; readonly random: Random },
  ): Encoding {
    const unknown = this.options.tokenizer.specialIds.unk;
    if (unknown === undefined) return encoding;
    const { typeIds, offsets, specialMask, tokens, length, padId = 0 } = encoding;
    const ids = encoding.ids.map((id, i) => (specialMask[i] === 0 && random.bernoulli(rate) ? unknown : id));
    return { ids, typeIds, offsets, specialMask, tokens, length, padId };
  }
}

/** Gold labels as the losses want them: int64 `[batch]`, or float32 `[batch, labels]` of zeros and ones. */
export function labelTensor(
  rows: readonly (readonly number[])[],
  { labels, multiLabel }: { readonly labels: readonly string[]; readonly multiLabel: boolean },
): HostTensor {
  if (!multiLabel) {
    return { dtype: 'int64', dims: [rows.length], data: BigInt64Array.from(rows, (ids) => BigInt(ids[0]!)) };
  }
  const width = labels.length;
  const data = new Float32Array(rows.length * width);
  rows.forEach((ids, row) => {
    for (const id of ids) if (id >= 0) data[row * width + id] = 1;
  });
  return { dtype: 'float32', dims: [rows.length, width], data };
}
