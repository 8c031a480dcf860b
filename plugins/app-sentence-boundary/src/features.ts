import { planWindows } from '@zooid/tagging';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { type Tokenizer, UnitTokens } from '@zooid/tokenizers';
import type { Passage } from './text/passage.js';

/** Places that two windows share at most; each speaks for the half that is farther from its own edge. */
const OVERLAP = 32;

/** A stretch of a text that the model reads at once. */
export interface Row {
  /** Tokens: `[CLS]`, one per unit, `[SEP]`. */
  readonly length: number;
  /** Vocabulary rows of the units. */
  readonly ids: Int32Array;
  /** Place of the first unit. */
  readonly from: number;
  /** Places `[first, last)` that the row's answer is taken for. */
  readonly first: number;
  readonly last: number;
}

export interface FeaturizerOptions {
  readonly tokenizer: Tokenizer;
  readonly maxUnits: number;
  /** Whether the encoder tells segments apart. */
  readonly hasSegments: boolean;
}

/** Places of texts → rows → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  private readonly tokens: UnitTokens;

  constructor(private readonly options: FeaturizerOptions) {
    this.tokens = new UnitTokens(options.tokenizer);
  }

  /** Rows over the places `[from, to)`, in order; their answered parts follow one another. */
  *rows({ units, read }: Passage, from: number, to: number): Generator<Row, void> {
    if (to <= from) return;
    const { maxUnits } = this.options;
    for (const window of planWindows(to - from, maxUnits, Math.min(OVERLAP, maxUnits >> 2))) {
      const ids = new Int32Array(window.to - window.from);
      for (let i = 0; i < ids.length; i++) ids[i] = this.tokens.at(units, read[from + window.from + i]!);
      const row = { from: from + window.from, first: from + window.first, last: from + window.last };
      yield { length: ids.length + 2, ids, ...row };
    }
  }

  /** Pads to the longest row: `input_ids`, `attention_mask`, and `token_type_ids` where they are used. */
  collate(rows: readonly { readonly ids: Int32Array }[]): TensorMap {
    const { tokenizer, hasSegments } = this.options;
    const { cls, sep, pad = 0 } = tokenizer.specialIds;
    const sequence = rows.reduce((most, { ids }) => Math.max(most, ids.length + 2), 0);
    const size = rows.length * sequence;
    const inputIds = new BigInt64Array(size).fill(BigInt(pad));
    const mask = new BigInt64Array(size);
    rows.forEach(({ ids }, row) => {
      const at = row * sequence;
      mask.fill(1n, at, at + ids.length + 2);
      inputIds[at] = BigInt(cls!);
      for (let i = 0; i < ids.length; i++) inputIds[at + 1 + i] = BigInt(ids[i]!);
      inputIds[at + 1 + ids.length] = BigInt(sep!);
    });
    const int64 = (data: BigInt64Array<ArrayBuffer>): HostTensor<'int64'> => ({
      dtype: 'int64',
      dims: [rows.length, sequence],
      data,
    });
    return {
      input_ids: int64(inputIds),
      attention_mask: int64(mask),
      ...(hasSegments ? { token_type_ids: int64(new BigInt64Array(size)) } : {}),
    };
  }
}
