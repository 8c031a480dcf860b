import type { Piece } from './group-report.js';

/** Characters of a text that are shown, and how many of them before the first mistake. */
const longest = 320;
const before = 60;

/** Part of a text, `[from, to)`. */
export interface Excerpt {
  readonly from: number;
  readonly to: number;
}

/** What is shown of a text: all of it, or where it is long the surroundings of `place`. */
export function excerptAround(text: string, place: number): Excerpt {
  if (text.length <= longest) return { from: 0, to: text.length };
  const from = Math.min(Math.max(0, place - before), text.length - longest);
  return { from: wholeCharacter(text, from), to: wholeCharacter(text, from + longest) };
}

/** The text of an excerpt, with dots where something is left out. */
export function excerptOf(text: string, { from, to }: Excerpt): string {
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
}

/** At most `length` characters. */
export function shortened(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, wholeCharacter(text, length))}…`;
}

/** A stretch of a text, `[start, end)`, that something is said about. */
export type Stretch = Omit<Piece, 'text' | 'aside'> & { readonly start: number; readonly end: number };

/** The pieces of an excerpt: stretches, and what is between them. @param stretches by their starts. */
export function piecesOf(text: string, excerpt: Excerpt, stretches: Iterable<Stretch>): Piece[] {
  const { from, to } = excerpt;
  const pieces: Piece[] = from > 0 ? [{ text: '…' }] : [];
  const asides: Piece[] = [];
  let at = from;
  for (const { start, end, ...said } of stretches) {
    if (end <= from || start >= to) continue;
    const first = Math.max(start, from);
    const last = Math.min(end, to);
    const piece = { text: text.slice(first, last), ...said };
    if (first < at) {
      asides.push({ ...piece, aside: true });
      continue;
    }
    if (first > at) pieces.push({ text: text.slice(at, first) });
    pieces.push(piece);
    at = last;
  }
  if (at < to) pieces.push({ text: text.slice(at, to) });
  if (to < text.length) pieces.push({ text: '…' });
  return [...pieces, ...asides];
}

/** `place`, or the next one that does not lie within a surrogate pair. */
function wholeCharacter(text: string, place: number): number {
  return (text.charCodeAt(place) & 0xfc00) === 0xdc00 ? place + 1 : place;
}
