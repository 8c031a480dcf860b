import { type Units, unitKind } from '@zooid/tokenizers';
import { tags } from './decode/boundaries.js';
import { boundariesOf } from './example.js';
import type { Window } from './windows.js';

/** Label of what no loss is taken of. */
export const IGNORED = -100;

/**
 * B, M, E or S of every unit that is not white space, by whether a word starts before and ends after it. A boundary inside a
 * unit is one that no segmentation can set; it is left out.
 */
export function unitTags(units: Units, words: readonly string[]): Int8Array {
  const boundaries = boundariesOf(units.text, words);
  const { starts, kinds, count } = units;
  const result = new Int8Array(count).fill(IGNORED);
  for (let unit = 0; unit < count; unit++) {
    if (kinds[unit] === unitKind.space) continue;
    const isStart = boundaries.has(starts[unit]!);
    const isEnd = boundaries.has(starts[unit + 1]!);
    result[unit] = isStart ? (isEnd ? tags.single : tags.begin) : isEnd ? tags.end : tags.middle;
  }
  return result;
}

/** Labels of a window's tokens between the tags and `[SEP]`; what is outside its core is another window's to learn. */
export function windowLabels(units: Units, unitTags: Int8Array, window: Window): Int8Array {
  const labels: number[] = [];
  for (let unit = window.start; unit < window.end; unit++) {
    if (units.kinds[unit] === unitKind.space) continue;
    labels.push(unit >= window.coreStart && unit < window.coreEnd ? unitTags[unit]! : IGNORED);
  }
  return Int8Array.from(labels);
}
