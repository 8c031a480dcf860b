import type { HostTensor, Random, TensorMap } from '@zooid/tensor';
import { type Encoding, padEncodings, type Tokenizer } from '@zooid/tokenizers';
import type { Lexicon, LexiconMatch } from './lexicon/lexicon.js';
import { perturbMatches } from './noise.js';
import type { FusionOptions, NoiseOptions } from './options.js';
import { labelPositions, PAD_LABEL, type SlotLabels } from './slot-labels.js';

/** A lexicon match on token positions, both ends inclusive. */
export interface PositionedMatch {
  readonly first: number;
  readonly last: number;
  readonly match: LexiconMatch;
  /** The matched entry is known from this very training text only. */
  readonly sole: boolean;
}

export interface TextFeatures {
  readonly length: number;
  readonly encoding: Encoding;
  readonly placed: readonly PositionedMatch[];
}

/** Vocabulary token that types a slot label into the input, for the `typed` ablation. */
export const typedToken = (type: string): string => `[slot:${type}]`;

/** Text → positions → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  constructor(
    private readonly tokenizer: Tokenizer,
    private readonly labels: SlotLabels,
    private readonly fusion: FusionOptions,
    private readonly maxLength: number,
  ) {}

  get usesSlots(): boolean {
    return this.fusion.mode !== 'none' && this.fusion.mode !== 'typed';
  }

  /**
   * @param lexicon matched against the text; absent means no matches
   * @param isSole whether a match is known from this text alone
   */
  featurize(text: string, lexicon?: Pick<Lexicon, 'match'>, isSole: (match: LexiconMatch) => boolean = () => false): TextFeatures {
    const encoding = this.tokenizer.encode(text, { maxLength: this.maxLength });
    const matches = lexicon !== undefined && this.fusion.mode !== 'none' ? lexicon.match(text) : [];
    const placed = matches.flatMap((match) => {
      const span = positionsOf(match, encoding.offsets);
      return span === undefined ? [] : [{ ...span, match, sole: isSole(match) }];
    });
    return { length: encoding.length, encoding, placed };
  }

  /** Pads to the longest row: `input_ids`, `attention_mask`, `token_type_ids` and, where slots are used, `slot_ids`. */
  collate(rows: readonly TextFeatures[], noise?: { readonly options: NoiseOptions; readonly random: Random }): TensorMap {
    const matches = rows.map(({ placed, length }) =>
      noise === undefined ? placed : perturbMatches(placed, length, this.labels.types, noise.options, noise.random),
    );
    let encodings = rows.map(({ encoding }) => encoding);
    if (this.fusion.mode === 'typed') encodings = encodings.map((encoding, i) => this.typeLabels(encoding, matches[i]!));
    if (noise !== undefined && noise.options.wordDropout > 0) {
      encodings = encodings.map((encoding) => this.dropWords(encoding, noise.options.wordDropout, noise.random));
    }
    const padded = padEncodings(encodings);
    if (!this.usesSlots) return { ...padded };
    return { ...padded, slot_ids: this.slotIds(rows, matches, padded.input_ids.dims[1]!) };
  }

  private slotIds(
    rows: readonly TextFeatures[],
    matches: readonly (readonly PositionedMatch[])[],
    sequence: number,
  ): HostTensor<'int64'> {
    const perRow = rows.map(({ length }, i) => labelPositions(length, matches[i]!, this.labels, this.fusion.maxLabels));
    const width = Math.max(1, ...perRow.flatMap((positions) => positions.map((here) => here.length)));
    const data = new BigInt64Array(rows.length * sequence * width);
    if (PAD_LABEL !== 0) data.fill(BigInt(PAD_LABEL));
    perRow.forEach((positions, row) => {
      positions.forEach((here, position) => {
        here.forEach((label, i) => {
          data[(row * sequence + position) * width + i] = BigInt(label);
        });
      });
      // Padding positions are NONE too, so that pooling never divides by zero.
      for (let position = positions.length; position < sequence; position++) data[(row * sequence + position) * width] = 1n;
    });
    return { dtype: 'int64', dims: [rows.length, sequence, width], data };
  }

  /** `[CLS] text [SEP] [slot:a] [slot:b] [SEP]`: the types of the matches in text order, as ordinary input. */
  private typeLabels(encoding: Encoding, matches: readonly PositionedMatch[]): Encoding {
    const types = [...matches].sort((a, b) => a.first - b.first || b.last - a.last).map(({ match }) => match.type);
    const room = this.maxLength;
    const typed = types.flatMap((type) => this.tokenizer.idOf(typedToken(type)) ?? []).slice(0, room);
    if (typed.length === 0) return encoding;
    const tail = [...typed, this.tokenizer.idOf(this.tokenizer.specialTokens.sep)!];
    return withIds(encoding, [...encoding.ids, ...tail], [...encoding.typeIds, ...tail.map(() => 1)]);
  }

  private dropWords(encoding: Encoding, rate: number, random: Random): Encoding {
    const unknown = this.tokenizer.idOf(this.tokenizer.specialTokens.unk)!;
    const ids = Array.from(encoding.ids, (id, i) => (encoding.specialMask[i] === 0 && random.bernoulli(rate) ? unknown : id));
    return withIds(encoding, ids, [...encoding.typeIds]);
  }
}

function withIds(encoding: Encoding, ids: readonly number[], typeIds: readonly number[]): Encoding {
  const { offsets, specialMask, tokens } = encoding;
  return { ids: Int32Array.from(ids), typeIds: Uint8Array.from(typeIds), offsets, specialMask, tokens, length: ids.length };
}

/** The tokens a match touches; `undefined` when truncation left none. A token that spans several characters counts whole. */
export function positionsOf(match: { readonly start: number; readonly end: number }, offsets: Int32Array): { first: number; last: number } | undefined {
  let first = -1;
  let last = -1;
  for (let token = 0; token * 2 < offsets.length; token++) {
    const start = offsets[2 * token]!;
    const end = offsets[2 * token + 1]!;
    if (end > match.start && start < match.end && end > start) {
      if (first < 0) first = token;
      last = token;
    }
  }
  return first < 0 ? undefined : { first, last };
}
