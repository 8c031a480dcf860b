import { legalMoves, type Moves, spansOfTags, TagSet, viterbi } from '@zooid/tagging';
import { CodePoints, type Encoding } from '@zooid/tokenizers';
import type { AnswerSlot } from './answer.js';
import type { PlacedMatch } from './placed-match.js';

/** Reads slots off the scores that the tagging head gives each token. */
export class SlotTagger {
  private readonly tagSet: TagSet;
  private readonly moves: Moves;

  /** @param types in the order of their rows; at least one. */
  constructor(types: readonly string[]) {
    // One row for no slot, then B, I, E and S of each type: the rows of `slotLabelTensor`.
    this.tagSet = TagSet.of(types, 'BIES');
    this.moves = legalMoves(this.tagSet);
  }

  /** Scores of a token: one per tag. */
  get width(): number {
    return this.tagSet.size;
  }

  /**
   * The slots of the best legal sequence of tags, in text order.
   *
   * @param scores `[tokens · width]` of the encoding's tokens, special ones included.
   */
  slots(text: string, { specialMask, offsets }: Encoding, scores: Float32Array): AnswerSlot[] {
    const tokens = Array.from(specialMask, (_, token) => token).filter((token) => specialMask[token] === 0);
    const { width, tagSet } = this;
    const emissions = tokens.flatMap((token) => Array.from(scores.subarray(token * width, (token + 1) * width)));
    const path = viterbi(emissions, this.moves);
    return spansOfTags(Array.from(path, (id) => tagSet.tags[id]!)).map(({ type, first, last }) => {
      const start = offsets[2 * tokens[first]!]!;
      const end = offsets[2 * tokens[last]! + 1]!;
      return { type, text: text.slice(start, end), start, end };
    });
  }
}

/** Matches that no longer match covers, in text order; one per type where a span has several. */
function slotsOfMatches(text: string, placed: readonly PlacedMatch[]): AnswerSlot[] {
  const inOrder = placed
    .map(({ match }) => match)
    .sort((a, b) => a.start - b.start || b.end - a.end || (a.type < b.type ? -1 : Number(a.type > b.type)));
  const slots: AnswerSlot[] = [];
  let [start, end, type] = [-1, -1, ''];
  for (const match of inOrder) {
    // In this order a match is covered when, and only when, the longest reach so far goes as far as it does.
    const isSameSpan = match.start === start && match.end === end;
    if (isSameSpan ? match.type === type : match.end <= end) continue;
    ({ start, end, type } = match);
    slots.push({ type, text: text.slice(start, end), start, end });
  }
  return slots;
}

/** The slots of an answer: those of the lexicons, and of what the model tags that which overlaps none of them. */
export function slotsOf(text: string, placed: readonly PlacedMatch[], predicted: readonly AnswerSlot[]): AnswerSlot[] {
  const known = slotsOfMatches(text, placed);
  const isFree = ({ start, end }: AnswerSlot) => known.every((slot) => slot.end <= start || slot.start >= end);
  return [...known, ...predicted.filter(isFree)].sort((a, b) => a.start - b.start);
}

export function withCodePoints(text: string, slots: readonly AnswerSlot[]): AnswerSlot[] {
  const points = new CodePoints(text);
  return slots.map((slot) => ({
    ...slot,
    codePoints: [points.fromUtf16(slot.start), points.fromUtf16(slot.end)] as const,
  }));
}
