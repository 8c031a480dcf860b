import { characterKind, isPictographic, kindOf } from './character-kind.js';
import type { Slab } from './slab.js';

/** What a unit is. */
export const unitKind = { character: 0, word: 1, number: 2, space: 3 } as const;

/**
 * A text as the pieces that nothing which cuts texts should divide: a character with its marks, a Latin word or a number as a whole, a
 * run of white space. Units cover the text without gaps.
 */
export interface Units {
  readonly text: string;
  readonly count: number;
  /** UTF-16 index where each unit starts, then the length of the text: `count + 1` entries. */
  readonly starts: Int32Array;
  /** {@link unitKind} of each. */
  readonly kinds: Uint8Array;
}

/** Units found between two chances for others to run. */
const UNITS_PER_STEP = 16_384;
const ZERO_WIDTH_JOINER = 0x200d;

/**
 * Divides well-formed text into units, pausing every few thousand, so that a long text does not hold the thread.
 *
 * @param slab memory for what is found, where texts are many and short.
 */
export function* splitUnits(text: string, slab?: Slab): Generator<number, Units> {
  const starts = slab?.int32(text.length + 1) ?? new Int32Array(text.length + 1);
  const kinds = slab?.uint8(text.length) ?? new Uint8Array(text.length);
  let count = 0;
  let i = 0;
  while (i < text.length) {
    starts[count] = i;
    const codePoint = text.codePointAt(i)!;
    const kind = kindOf(codePoint);
    const next = i + (codePoint > 0xffff ? 2 : 1);
    switch (kind) {
      case characterKind.space:
        kinds[count] = unitKind.space;
        i = endOfSpace(text, next);
        break;
      case characterKind.letter:
      case characterKind.digit: {
        kinds[count] = kind === characterKind.digit ? unitKind.number : unitKind.word;
        i = endOfWord(text, next, kind);
        break;
      }
      default:
        kinds[count] = unitKind.character;
        i = endOfCharacter(text, next, kind);
    }
    count++;
    if (count % UNITS_PER_STEP === 0) yield UNITS_PER_STEP;
  }
  starts[count] = text.length;
  return { text, count, starts: starts.subarray(0, count + 1), kinds: kinds.subarray(0, count) };
}

/** The units of a short text at once. */
export function unitsOf(text: string): Units {
  const work = splitUnits(text);
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}

/** `[start, end)` of the unit range as text. */
export function textOf({ text, starts }: Units, first: number, end: number): string {
  return text.slice(starts[first]!, starts[end]!);
}

function endOfSpace(text: string, from: number): number {
  let i = from;
  while (i < text.length && kindOf(text.charCodeAt(i)) === characterKind.space) i++;
  return i;
}

/** Letters and digits with their marks; a joiner counts when what it joins is on both of its sides. */
function endOfWord(text: string, from: number, first: number): number {
  let i = from;
  let last = first;
  while (i < text.length) {
    const codePoint = text.codePointAt(i)!;
    const kind = kindOf(codePoint);
    const next = i + (codePoint > 0xffff ? 2 : 1);
    if (kind === characterKind.letter || kind === characterKind.digit) last = kind;
    else if (kind === characterKind.digitJoiner || kind === characterKind.letterJoiner) {
      const joined = kind === characterKind.digitJoiner ? characterKind.digit : characterKind.letter;
      if (last !== joined || next >= text.length || kindOf(text.codePointAt(next)!) !== joined) return i;
    } else if (kind !== characterKind.extending) return i;
    i = next;
  }
  return i;
}

function endOfCharacter(text: string, from: number, first: number): number {
  let i = from;
  let previous = -1;
  let isHalfFlag = first === characterKind.regionalIndicator;
  while (i < text.length) {
    const codePoint = text.codePointAt(i)!;
    const kind = kindOf(codePoint);
    const completesFlag = isHalfFlag && kind === characterKind.regionalIndicator;
    const isJoined = previous === ZERO_WIDTH_JOINER && kind === characterKind.single && isPictographic(codePoint);
    if (kind !== characterKind.extending && !completesFlag && !isJoined) return i;
    if (kind !== characterKind.extending) isHalfFlag = false;
    previous = codePoint;
    i += codePoint > 0xffff ? 2 : 1;
  }
  return i;
}
