import type { HostTensor, TensorMap } from '@zooid/tensor';
import { type Slab, type Tokenizer, type Units, UnitTokens, unitKind } from '@zooid/tokenizers';
import type { Window } from '../windows.js';
import { type BigramVocabulary, PAD_BIGRAM } from './bigrams.js';
import { MARKS } from './lexicon-marks.js';

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

  /**
   * @param textMarks one bit set per unit of the text, where the model has a lexicon.
   * @param slab memory for what is found, where windows are many.
   */
  featurize(units: Units, window: Window, textMarks?: Uint8Array, slab?: Slab): WindowFeatures {
    const { start, end } = window;
    const { kinds } = units;
    const ids = slab?.int32(end - start) ?? new Int32Array(end - start);
    const marks = textMarks === undefined ? noMarks : new Uint8Array(end - start);
    let count = 0;
    for (let unit = start; unit < end; unit++) {
      if (kinds[unit] === unitKind.space) continue;
      ids[count] = this.tokens.at(units, unit);
      if (textMarks !== undefined) marks[count] = textMarks[unit]!;
      count++;
    }
    return {
      window,
      length: count + this.firstUnit + 1,
      ids: ids.subarray(0, count),
      bigrams: this.options.bigrams?.rowsOf(units, window, slab) ?? noBigrams,
      marks: marks === noMarks ? noMarks : marks.subarray(0, count),
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
    // One block for all: an array with memory of its own costs more than to fill it.
    const block = new BigInt64Array((hasSegments ? 3 : 2) * size + (bigrams === undefined ? 0 : 2 * size));
    const inputIds = block.subarray(0, size).fill(BigInt(pad));
    const mask = block.subarray(size, 2 * size);
    const pairs = block.subarray(2 * size, bigrams === undefined ? 2 * size : 4 * size).fill(BigInt(PAD_BIGRAM));
    const marks = new Float32Array(hasLexicon ? MARKS * size : 0);
    const [lowIds, lowMask, lowPairs] = [inputIds, mask, pairs].map(lowHalves) as [Int32Array, Int32Array, Int32Array];
    rows.forEach(({ features, tags, length }, row) => {
      const at = row * sequence;
      for (let i = 0; i < length; i++) lowMask[2 * (at + i)] = 1;
      lowIds[2 * at] = cls!;
      for (let i = 0; i < tags.length; i++) lowIds[2 * (at + 1 + i)] = tags[i]!;
      const first = at + this.firstUnit;
      const { ids, bigrams: neighbours } = features;
      for (let i = 0; i < ids.length; i++) lowIds[2 * (first + i)] = ids[i]!;
      lowIds[2 * (first + ids.length)] = sep!;
      for (let i = 0; i < neighbours.length; i++) lowPairs[2 * (2 * first + i)] = neighbours[i]!;
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
      ...(hasSegments ? { token_type_ids: int64(block.subarray(block.length - size)) } : {}),
      ...(bigrams === undefined ? {} : { bigram_ids: int64(pairs, [...dims, 2]) }),
      ...(hasLexicon ? { lexicon_marks: { dtype: 'float32', dims: [...dims, MARKS], data: marks } as const } : {}),
    };
  }
}

const noMarks = new Uint8Array(0);
const noBigrams = new Int32Array(0);

/**
 * The halves of 64-bit integers, the low one of each first, as on every processor that onnxruntime runs on. Writing rows there spares an
 * object per number; rows are not negative, so that the high halves stay 0.
 */
const lowHalves = ({ buffer, byteOffset, length }: BigInt64Array<ArrayBuffer>): Int32Array =>
  new Int32Array(buffer, byteOffset, 2 * length);

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
    if (unit >= window.coreStart) for (let tag = 0; tag < 4; tag++) emissions[4 * unit + tag] = logits[at + tag]!;
    at += 4;
  }
}
