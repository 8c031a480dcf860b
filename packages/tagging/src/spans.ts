import type { Place, Tag, TagSet } from './tag-set.js';

/** A typed run of tokens, both ends inclusive. */
export interface TokenSpan {
  readonly type: string;
  readonly first: number;
  readonly last: number;
}

/**
 * Whether a token's tag begins another span than that of the token before it: it says so, the one before ended its own,
 * or the types differ. A tag "inside" after another type begins a span, as CoNLL's evaluation and the pipeline of
 * transformers read it.
 */
export function beginsSpan(before: Tag, tag: Tag): boolean {
  const { place } = tag;
  if (place === 'B' || place === 'S' || before.place === 'E' || before.place === 'S') return true;
  return before.type !== tag.type || (before.place === 'O') !== (place === 'O');
}

/** The spans of a sequence of tags, legal or not. */
export function spansOfTags(tags: readonly Tag[]): TokenSpan[] {
  const spans: { type: string; first: number; last: number }[] = [];
  tags.forEach((tag, i) => {
    if (tag.place === 'O') return;
    if (i === 0 || beginsSpan(tags[i - 1]!, tag)) spans.push({ type: tag.type, first: i, last: i });
    else spans.at(-1)!.last = i;
  });
  return spans;
}

/**
 * Label ids of `length` tokens. Where spans overlap the longer one is tagged, of equally long ones the first; spans of
 * a type without labels are left out.
 */
export function labelsOfSpans(spans: readonly TokenSpan[], length: number, tagSet: TagSet): Int32Array {
  const labels = new Int32Array(length).fill(tagSet.idOf('O', '') ?? 0);
  const taken = new Uint8Array(length);
  const order = spans.toSorted((a, b) => b.last - b.first - (a.last - a.first) || a.first - b.first);
  for (const { type, first, last } of order) {
    if (tagSet.idOf('B', type) === undefined || taken.subarray(first, last + 1).includes(1)) continue;
    taken.fill(1, first, last + 1);
    for (let i = first; i <= last; i++) labels[i] = tagSet.idOf(placeIn(i, first, last, tagSet), type)!;
  }
  return labels;
}

function placeIn(i: number, first: number, last: number, { scheme }: TagSet): Place {
  if (scheme !== 'BIES') return i === first ? 'B' : 'I';
  if (first === last) return 'S';
  if (i === first) return 'B';
  return i === last ? 'E' : 'I';
}

/**
 * The tokens that a stretch of text touches; `undefined` when there are none.
 *
 * @param offsets `[start, end)` of each token in the unit of the span, in text order; empty for tokens without text.
 */
export function tokensOf(
  span: { readonly start: number; readonly end: number },
  offsets: Int32Array,
): { readonly first: number; readonly last: number } | undefined {
  let first = -1;
  let last = -1;
  for (let token = 0; 2 * token < offsets.length; token++) {
    const start = offsets[2 * token]!;
    const end = offsets[2 * token + 1]!;
    if (start === end) continue;
    if (start >= span.end) break;
    if (end <= span.start) continue;
    if (first < 0) first = token;
    last = token;
  }
  return first < 0 ? undefined : { first, last };
}
