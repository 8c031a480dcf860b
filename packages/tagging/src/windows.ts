/** Tokens that one pass of a network reads, and those of them that it has the last word on. */
export interface Window {
  /** `[from, to)`: what is read. */
  readonly from: number;
  readonly to: number;
  /** `[first, last)`: what is kept; the kept parts of all windows are the text, each token once. */
  readonly first: number;
  readonly last: number;
}

/**
 * Windows over `count` tokens of at most `room`, neighbours sharing at least `overlap`. Of what two share each keeps the
 * half that is farther from its own edge. The last window reaches back to be full.
 *
 * @param overlap less than `room`.
 */
export function planWindows(count: number, room: number, overlap: number): Window[] {
  const starts = [0];
  while (starts.at(-1)! + room < count) starts.push(Math.min(starts.at(-1)! + room - overlap, count - room));
  let first = 0;
  return starts.map((from, i) => {
    const to = Math.min(count, from + room);
    const next = starts[i + 1];
    const last = next === undefined ? count : Math.floor((next + to) / 2);
    const window = { from, to, first, last };
    first = last;
    return window;
  });
}
