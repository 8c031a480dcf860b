import { type Units, unitKind } from '@zooid/tokenizers';

/** A stretch of units that the model reads at once, `[start, end)`. */
export interface Window {
  readonly start: number;
  readonly end: number;
  /** What its answer is taken for: `[coreStart, coreEnd)`. The cores of a text's windows follow one another. */
  readonly coreStart: number;
  readonly coreEnd: number;
  /** Whether the text before the window belongs to the same clause: then its neighbour is no edge. */
  readonly isOpenLeft: boolean;
  readonly isOpenRight: boolean;
}

const sentenceEnd = /^[。！？!?；;…\n]/u;
const clauseEnd = /^[，,、：:）)】》」』”]/u;

/** Units that two windows share where a text offers no place to cut. */
const OVERLAP = 32;

/**
 * Windows of at most `limit` units that are not white space. A text is cut after a sentence, else after a clause or at white
 * space, where a word ends for certain; where there is none of these, windows overlap, and each answers for the units that
 * it sees from both sides. Cores cover every unit once.
 *
 * @param limit at least 2
 */
export function* windowsOf(units: Units, limit: number): Generator<Window, void> {
  const { count, kinds } = units;
  const overlap = Math.min(OVERLAP, limit >> 1);
  let start = 0;
  let coreStart = 0;
  let isOpenLeft = false;
  while (coreStart < count) {
    const end = reach(kinds, start, count, limit);
    if (end === count) {
      yield { start, end, coreStart, coreEnd: end, isOpenLeft, isOpenRight: false };
      return;
    }
    const cut = placeToCut(units, Math.max(coreStart, start + ((end - start) >> 1)), end);
    if (cut !== undefined) {
      yield { start, end: cut, coreStart, coreEnd: cut, isOpenLeft, isOpenRight: false };
      start = cut;
      coreStart = cut;
      isOpenLeft = false;
    } else {
      const coreEnd = end - (overlap >> 1);
      yield { start, end, coreStart, coreEnd, isOpenLeft, isOpenRight: true };
      start = end - overlap;
      coreStart = coreEnd;
      isOpenLeft = true;
    }
  }
}

/** Where a window ends that starts at `start` and holds `limit` units besides white space. */
function reach(kinds: Uint8Array, start: number, count: number, limit: number): number {
  let end = start;
  for (let held = 0; end < count; end++) {
    if (kinds[end] !== unitKind.space && ++held > limit) break;
  }
  return end;
}

/** The last place after a sentence in `(from, end]`, else the last one after a clause or at white space. */
function placeToCut({ text, starts, kinds }: Units, from: number, end: number): number | undefined {
  let clause: number | undefined;
  for (let unit = end - 1; unit >= from; unit--) {
    const isSpace = kinds[unit] === unitKind.space;
    const first = text[starts[unit]!]!;
    if (isSpace ? text.slice(starts[unit]!, starts[unit + 1]!).includes('\n') : sentenceEnd.test(first)) {
      return afterClosing(text, starts, unit + 1, end);
    }
    if (clause === undefined && (isSpace || clauseEnd.test(first))) clause = unit + 1;
  }
  return clause;
}

/** A closing quotation mark or bracket after a sentence belongs to it. */
function afterClosing(text: string, starts: Int32Array, unit: number, end: number): number {
  let after = unit;
  while (after < end && /^[”’」』）)】》。！？!?…]/u.test(text[starts[after]!]!)) after++;
  return after;
}
