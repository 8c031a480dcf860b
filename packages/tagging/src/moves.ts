import type { Tag, TagSet } from './tag-set.js';

/** Scores of going from tag to tag, and which steps are possible at all: what a decoder knows besides the emissions. */
export interface Moves {
  /** Number of tags. */
  readonly size: number;
  /** `[size · size]`: from row, to column; −∞ where the step is not possible. */
  readonly transitions: Float64Array;
  /** `[size]`: of the first tag. */
  readonly start: Float64Array;
  /** `[size]`: of the last tag. */
  readonly end: Float64Array;
  /** The tags that may stand before tag `j`: `before[beforeAt[j]]` up to `before[beforeAt[j + 1]]`. */
  readonly before: Int32Array;
  readonly beforeAt: Int32Array;
}

/** Learned scores of steps, as a conditional random field has them. */
export interface StepScores {
  /** `[size · size]`, from row, to column. */
  readonly transitions: ArrayLike<number>;
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

/**
 * The moves that a tag set's scheme allows: `I-PER` goes on from `B-PER` or `I-PER` and no other, in BIES a span that
 * begins must end. Legal steps score 0, or what `scores` says.
 */
export function legalMoves({ tags }: TagSet, scores?: StepScores): Moves {
  const size = tags.length;
  const hasEnds = tags.map((tag) => tags.some(({ place, type }) => place === 'E' && type === tag.type));
  const isOpen = (i: number) => hasEnds[i]! && (tags[i]!.place === 'B' || tags[i]!.place === 'I');
  const hasBeginning = (tag: Tag) => tags.some(({ place, type }) => place === 'B' && type === tag.type);
  const continues = tags.map((tag) => tag.place === 'E' || (tag.place === 'I' && hasBeginning(tag)));
  const isLegal = (from: number, to: number) => {
    const [before, after] = [tags[from]!, tags[to]!];
    const canContinue = before.type === after.type && (before.place === 'B' || before.place === 'I');
    if (continues[to]) return canContinue;
    return !isOpen(from);
  };
  const impossible = Number.NEGATIVE_INFINITY;
  const transitions = new Float64Array(size * size);
  for (let from = 0; from < size; from++) {
    for (let to = 0; to < size; to++) {
      const at = from * size + to;
      transitions[at] = isLegal(from, to) ? (scores?.transitions[at] ?? 0) : impossible;
    }
  }
  const start = Float64Array.from(tags, (_, i) => (continues[i] ? impossible : (scores?.start[i] ?? 0)));
  const end = Float64Array.from(tags, (_, i) => (isOpen(i) ? impossible : (scores?.end[i] ?? 0)));
  return { size, transitions, start, end, ...predecessors(transitions, size) };
}

function predecessors(transitions: Float64Array, size: number): Pick<Moves, 'before' | 'beforeAt'> {
  const before: number[] = [];
  const beforeAt = new Int32Array(size + 1);
  for (let to = 0; to < size; to++) {
    for (let from = 0; from < size; from++)
      if (transitions[from * size + to]! > Number.NEGATIVE_INFINITY) before.push(from);
    beforeAt[to + 1] = before.length;
  }
  return { before: Int32Array.from(before), beforeAt };
}
