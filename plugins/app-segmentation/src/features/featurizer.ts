import type { HostTensor, TensorMap } from '@zooid/tensor';
import type { Tokenizer } from '@zooid/tokenizers';
import { type Units, unitKind } from '../text/units.js';
import type { Window } from '../text/windows.js';
import { type BigramVocabulary, PAD_BIGRAM } from './bigrams.js';
import { MARKS } from './lexicon-marks.js';
import { UnitTokens } from './unit-tokens.js';

/** What the model reads of a window: its units that are not white space, in order. */
export interface WindowFeatures {
  readonly window: Window;
  /** Tokens of the row: `[CLS]`, the tags, the units, `[SEP]`. */
  readonly length: number;
  /** Vocabulary rows of the units. */
  readonly ids: Int32Array;
  /** Bigram rows left and right of each unit; empty where the model has no bigrams. */
  readonly bigrams: Int32Array;
  /** Lexicon marks of each unit, a bit each; empty where the model has no lexicon. */
  readonly marks: Uint8Array;
}

/** A window under certain tags. */
export interface Row {
  readonly length: number;
  readonly features: WindowFeatures;
  /** Vocabulary rows of the tags. */
  readonly tags: readonly number[];
}

export interface FeaturizerOptions {
  readonly tokenizer: Tokenizer;
  /** Absent: the model has no bigram features. */
  readonly bigrams?: BigramVocabulary | undefined;
  /** Whether the model reads lexicon marks. */
  readonly hasLexicon: boolean;
  /** Tag tokens of a row: 1, or 2 with a corpus. */
  readonly tagCount: number;
  /** Whether the encoder tells segments apart. */
  readonly hasSegments: boolean;
}

/** Windows → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  private readonly tokens: UnitTokens;

  constructor(private readonly options: FeaturizerOptions) {
    this.tokens = new UnitTokens(options.tokenizer);
  }

  /** Where the units start in a row: after `[CLS]` and the tags. */
  get firstUnit(): number {
    return 1 + this.options.tagCount;
  }

  /** @param textMarks one bit set per unit of the text, where the model has a lexicon. */
  featurize(units: Units, window: Window, textMarks?: Uint8Array): WindowFeatures {
    const ids: number[] = [];
    const marks: number[] = [];
    for (let unit = window.start; unit < window.end; unit++) {
      if (units.kinds[unit] === unitKind.space) continue;
      ids.push(this.tokens.at(units, unit));
      if (textMarks !== undefined) marks.push(textMarks[unit]!);
    }
    return {
      window,
      length: ids.length + this.firstUnit + 1,
      ids: Int32Array.from(ids),
      bigrams: this.options.bigrams?.rowsOf(units, window) ?? new Int32Array(0),
      marks: Uint8Array.from(marks),
    };
  }

  /**
   * Pads to the longest row: `input_ids`, `attention_mask`, and where they are used `token_type_ids`, `bigram_ids`
   * `[batch, sequence, 2]`, left and right of each unit, and `lexicon_marks` `[batch, sequence, marks]`.
   */
  collate(rows: readonly Row[]): TensorMap {
    const { tokenizer, bigrams, hasLexicon, hasSegments } = this.options;
    const { cls, sep, pad = 0 } = tokenizer.specialIds;
    const sequence = rows.reduce((most, { length }) => Math.max(most, length), 0);
    const size = rows.length * sequence;
    const inputIds = new BigInt64Array(size).fill(BigInt(pad));
    const mask = new BigInt64Array(size);
    const pairs = new BigInt64Array(bigrams === undefined ? 0 : 2 * size).fill(BigInt(PAD_BIGRAM));
    const marks = new Float32Array(hasLexicon ? MARKS * size : 0);
    rows.forEach(({ features, tags, length }, row) => {
      const at = row * sequence;
      mask.fill(1n, at, at + length);
      inputIds[at] = BigInt(cls!);
      tags.forEach((tag, i) => {
        inputIds[at + 1 + i] = BigInt(tag);
      });
      const first = at + this.firstUnit;
      const { ids, bigrams: neighbours } = features;
      for (let i = 0; i < ids.length; i++) inputIds[first + i] = BigInt(ids[i]!);
      inputIds[first + ids.length] = BigInt(sep!);
      for (let i = 0; i < neighbours.length; i++) pairs[2 * first + i] = BigInt(neighbours[i]!);
      spreadMarks(marks, features.marks, MARKS * first);
    });
    const dims = [rows.length, sequence];
    const int64 = (data: BigInt64Array<ArrayBuffer>, shape = dims): HostTensor<'int64'> => ({
      dtype: 'int64',
      dims: shape,
      data,
    });
    return {
      input_ids: int64(inputIds),
      attention_mask: int64(mask),
      ...(hasSegments ? { token_type_ids: int64(new BigInt64Array(size)) } : {}),
      ...(bigrams === undefined ? {} : { bigram_ids: int64(pairs, [...dims, 2]) }),
      ...(hasLexicon ? { lexicon_marks: { dtype: 'float32', dims: [...dims, MARKS], data: marks } as const } : {}),
    };
  }
}

/** A 1 for every bit that is set. */
function spreadMarks(target: Float32Array, marks: Uint8Array, at: number): void {
  for (let i = 0; i < marks.length; i++) {
    for (let bit = 0; marks[i]! >> bit > 0; bit++) if ((marks[i]! >> bit) & 1) target[at + MARKS * i + bit] = 1;
  }
}

/**
 * Copies what the model says of a window's core into the emissions of the text; white space keeps zeros.
 *
 * @param emissions `count × 4`
 * @param answer flat `[…, 4]` logits, and the token in them that is the window's first unit
 */
export function takeEmissions(
  emissions: Float32Array,
  { kinds }: Units,
  { window }: WindowFeatures,
  { logits, from }: { readonly logits: Float32Array; readonly from: number },
): void {
  let at = 4 * from;
  for (let unit = window.start; unit < window.coreEnd; unit++) {
    if (kinds[unit] === unitKind.space) continue;
    if (unit >= window.coreStart) emissions.set(logits.subarray(at, at + 4), 4 * unit);
    at += 4;
  }
}
