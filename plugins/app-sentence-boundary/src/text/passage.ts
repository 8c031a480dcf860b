import { type Units, unitKind } from '@zooid/tokenizers';
import { isClosing, markAt } from './marks.js';

/**
 * A text as the model sees it: its units without white space and without the marks that it has already. After every unit that
 * is read there is a *place*, where a sentence may end and a mark may stand.
 */
export interface Passage {
  readonly units: Units;
  /** Places, the last one at the end of the text included. */
  readonly count: number;
  /** By place, the unit before it. */
  readonly read: Int32Array;
  /** By place, 1 where the text has a mark already. */
  readonly isMarked: Uint8Array;
  /** By place, 1 where what is written ends a sentence: its mark, or a line break. */
  readonly isEnded: Uint8Array;
}

const MARKED = 1;
const ENDED = 2;

/** Finds the places of a text, pausing every few thousand units. */
export function* passageOf(units: Units): Generator<number, Passage> {
  const { text, starts, kinds } = units;
  const read = new Int32Array(units.count);
  const written = new Uint8Array(units.count);
  let count = 0;
  for (let unit = 0; unit < units.count; unit++) {
    if (unit % 16_384 === 16_383) yield 16_384;
    const start = starts[unit]!;
    const found = writtenAt(text, start, starts[unit + 1]!, kinds[unit]!);
    if (found === undefined) {
      // A closing quotation mark after an end mark belongs to the sentence, which ends after it.
      const inherits =
        count > 0 && written[count - 1]! & ENDED && isClosing(text[start]!) && !isSpaceBefore(units, unit);
      if (inherits) {
        written[count - 1]! &= ~ENDED;
        written[count]! |= ENDED;
      }
      read[count++] = unit;
    } else if (count > 0) {
      written[count - 1]! |= found;
    }
  }
  return {
    units,
    count,
    read: read.subarray(0, count),
    isMarked: written.subarray(0, count).map((flags) => flags & MARKED),
    isEnded: written.subarray(0, count).map((flags) => (flags & ENDED) >> 1),
  };
}

/** UTF-16 index where what a sentence holds ends that ends at this place: before the next unit that is read. */
export function cutAt({ units, count, read }: Passage, place: number): number {
  return place + 1 < count ? units.starts[read[place + 1]!]! : units.text.length;
}

/** UTF-16 index right after the unit before this place: where a mark would stand. */
export const markOffset = ({ units, read }: Passage, place: number): number => units.starts[read[place]! + 1]!;

/** The first place at or after this one where a sentence may end that has its end mark here: after closing quotation marks. */
export function afterClosing({ units: { text, starts }, count, read }: Passage, place: number): number {
  let after = place;
  while (after + 1 < count && read[after + 1] === read[after]! + 1 && isClosing(text[starts[read[after + 1]!]!]!))
    after++;
  return after;
}

/** Flags of what is written where nothing is read; `undefined` for what is read. */
function writtenAt(text: string, start: number, end: number, kind: number): number | undefined {
  if (kind === unitKind.space) return text.slice(start, end).includes('\n') ? ENDED : 0;
  if (kind !== unitKind.character) return undefined;
  const mark = markAt(text, start);
  if (mark === undefined) return undefined;
  return mark === 'end' ? MARKED | ENDED : MARKED;
}

const isSpaceBefore = ({ kinds }: Units, unit: number): boolean => kinds[unit - 1] === unitKind.space;
