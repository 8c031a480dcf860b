import type { HostTensor, Random, TensorMap } from '@zooid/tensor';
import { type Encoding, padEncodings, type Tokenizer } from '@zooid/tokenizers';
import { MAX_SURFACE } from './lexicon/entry.js';
import type { Lexicon, LexiconMatch } from './lexicon/lexicon.js';
import { perturbMatches } from './noise.js';
import type { FusionOptions, NoiseOptions } from './options.js';
import { labelPositions, type PlacedMatch, placeMatch } from './placed-match.js';
import { NONE_LABEL, type SlotLabels } from './slot-labels.js';

export interface TextFeatures {
  /** Tokens including special ones and typed labels. */
  readonly length: number;
  readonly encoding: Encoding;
  readonly placed: readonly PlacedMatch[];
}

export interface FeaturizerOptions {
  readonly tokenizer: Tokenizer;
  readonly labels: SlotLabels;
  readonly fusion: FusionOptions;
  /** Most tokens of a text; what is longer is cut. */
  readonly maxLength: number;
  /** Rows of the encoder's position table: most tokens of a text with its typed labels. */
  readonly maxPositions: number;
  /** Whether the encoder tells segments apart; default: true. */
  readonly hasSegments?: boolean;
}

/** Vocabulary token that types a slot label into the input, for the `typed` ablation. */
export const typedToken = (type: string): string => `[slot:${type}]`;

/** Text → positions → tensors; the same code serves training, evaluation and requests. */
export class Featurizer {
  constructor(private readonly options: FeaturizerOptions) {}

  /** Whether the graph has the input `slot_ids`. */
  get usesSlots(): boolean {
    const { mode } = this.options.fusion;
    return mode !== 'none' && mode !== 'typed';
  }

  /**
   * @param lexicon absent means no matches
   * @param isSole whether a match is known from this text alone
   */
  featurize(
    text: string,
    lexicon?: Pick<Lexicon, 'match'>,
    isSole: (match: LexiconMatch) => boolean = () => false,
  ): TextFeatures {
    const { tokenizer, maxLength, fusion } = this.options;
    // Texts come from strangers: '[SEP]' in one is five characters.
    const encoding = tokenizer.encode(text, { maxLength, parseSpecialTokens: false });
    // No further than a match can reach that begins in what the encoder sees.
    const end = endOf(encoding) + MAX_SURFACE;
    const matches = lexicon === undefined || fusion.mode === 'none' ? [] : lexicon.match(text, end);
    const placed = matches.flatMap((match) => {
      const found = placeMatch(match, text, encoding.offsets);
      return found === undefined ? [] : [{ ...found, sole: isSole(match) }];
    });
    const typed = fusion.mode === 'typed' ? this.typedIds(encoding, placed).length : 0;
    return { length: encoding.length + typed, encoding, placed };
  }

  /** Pads to the longest row: `input_ids`, `attention_mask`, and where they are used, `token_type_ids` and `slot_ids`. */
  collate(
    rows: readonly TextFeatures[],
    noise?: { readonly options: NoiseOptions; readonly random: Random },
  ): TensorMap {
    const { labels, fusion } = this.options;
    const matches = rows.map(({ placed, encoding }) =>
      noise === undefined ? placed : perturbMatches(placed, encoding.length, labels.types, noise.options, noise.random),
    );
    let encodings = rows.map(({ encoding }) => encoding);
    if (fusion.mode === 'typed') encodings = encodings.map((encoding, i) => this.typeLabels(encoding, matches[i]!));
    if (noise !== undefined && noise.options.maskMatched > 0) {
      encodings = encodings.map((encoding, i) =>
        this.maskMatched(encoding, matches[i]!, noise.options.maskMatched, noise.random),
      );
    }
    if (noise !== undefined && noise.options.wordDropout > 0) {
      encodings = encodings.map((encoding) => this.dropWords(encoding, noise.options.wordDropout, noise.random));
    }
    const { token_type_ids, ...padded } = padEncodings(encodings);
    return {
      ...padded,
      ...((this.options.hasSegments ?? true) ? { token_type_ids } : {}),
      ...(this.usesSlots ? { slot_ids: this.slotIds(rows, matches, padded.input_ids.dims[1]!) } : {}),
    };
  }

  /** `[batch, sequence, labels]`, as wide as the position with most labels; empty places are 0. */
  private slotIds(
    rows: readonly TextFeatures[],
    matches: readonly (readonly PlacedMatch[])[],
    sequence: number,
  ): HostTensor<'int64'> {
    const { labels, fusion } = this.options;
    const perRow = rows.map(({ encoding }, i) =>
      labelPositions(encoding.length, matches[i]!, labels, fusion.maxLabels),
    );
    const width = perRow.flat().reduce((most, here) => Math.max(most, here.length), 1);
    const data = new BigInt64Array(rows.length * sequence * width);
    const none = BigInt(NONE_LABEL);
    perRow.forEach((positions, row) => {
      for (let position = 0; position < sequence; position++) {
        const at = (row * sequence + position) * width;
        const here = positions[position];
        // Padding positions are NONE too, so that pooling never divides by zero.
        if (here === undefined) data[at] = none;
        else for (let i = 0; i < here.length; i++) data[at + i] = BigInt(here[i]!);
      }
    });
    return { dtype: 'int64', dims: [rows.length, sequence, width], data };
  }

  /** `[CLS] text [SEP] [slot:a] [slot:b] [SEP]`: the types of the matches in text order, as ordinary input. */
  private typeLabels(encoding: Encoding, matches: readonly PlacedMatch[]): Encoding {
    const tail = this.typedIds(encoding, matches);
    const ids = Int32Array.of(...encoding.ids, ...tail);
    return withIds(encoding, ids, Uint8Array.of(...encoding.typeIds, ...tail.map(() => 1)));
  }

  /** As many as the position table has room for; types the tokenizer does not know are left out. */
  private typedIds({ length }: Encoding, matches: readonly PlacedMatch[]): number[] {
    const { tokenizer, maxLength, maxPositions } = this.options;
    const room = Math.min(maxLength, maxPositions - length) - 1;
    const typed = matches
      .toSorted((a, b) => a.first - b.first || b.places.length - a.places.length)
      .flatMap(({ match }) => tokenizer.idOf(typedToken(match.type)) ?? [])
      .slice(0, Math.max(0, room));
    return typed.length === 0 ? [] : [...typed, tokenizer.specialIds.sep!];
  }

  /** Whole matches: what hides the name must leave its labels as the only trace. */
  private maskMatched(encoding: Encoding, matches: readonly PlacedMatch[], rate: number, random: Random): Encoding {
    const ids = encoding.ids.slice();
    for (const { first, places } of matches) {
      if (random.bernoulli(rate)) ids.fill(this.unknownId, first, first + places.length);
    }
    return withIds(encoding, ids, encoding.typeIds);
  }

  private dropWords(encoding: Encoding, rate: number, random: Random): Encoding {
    const ids = encoding.ids.map((id, i) =>
      encoding.specialMask[i] === 0 && random.bernoulli(rate) ? this.unknownId : id,
    );
    return withIds(encoding, ids, encoding.typeIds);
  }

  private get unknownId(): number {
    return this.options.tokenizer.specialIds.unk!;
  }
}

function withIds(encoding: Encoding, ids: Int32Array, typeIds: Uint8Array): Encoding {
  const { offsets, specialMask, tokens, padId = 0 } = encoding;
  return { ids, typeIds, offsets, specialMask, tokens, length: ids.length, padId };
}

/** Where the last token of the text ends. */
function endOf({ offsets }: Encoding): number {
  let end = 0;
  for (let i = 1; i < offsets.length; i += 2) end = Math.max(end, offsets[i]!);
  return end;
}
