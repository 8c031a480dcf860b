/** A small seeded generator (mulberry32): numbers in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const ranges: readonly (readonly [number, number])[] = [
  [0x61, 0x7a],
  [0x61, 0x7a],
  [0x41, 0x5a],
  [0x20, 0x7e],
  [0x4e00, 0x9fff],
  [0, 0x24f],
  [0x300, 0x36f],
  [0x370, 0x5ff],
  [0x900, 0xdff],
  [0x1100, 0x11ff],
  [0x1e00, 0x1fff],
  [0x2000, 0x2fff],
  [0x3000, 0x30ff],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xff01, 0xffee],
  [0x1d400, 0x1d7ff],
  [0x1f300, 0x1f9ff],
  [0x20000, 0x2ceaf],
  [0xe0000, 0xe007f],
  [0, 0x10ffff],
];

/** Controls, zero-width characters, unusual white space, sigma and its neighbours, spacing marks that reorder. */
const oddities = [
  0, 0x09, 0x0a, 0x0d, 0x1b, 0x27, 0x2e, 0x7f, 0x85, 0xa0, 0xad, 0x130, 0x3a3, 0x3a3, 0x200b, 0x200d, 0x2028, 0x302e,
  0x3000, 0xfe0f, 0xfeff, 0xfffd, 0x1714, 0xa953, 0x16ff0, 0x1d165, 0x1d16d,
];

const phrases = ['[MASK]', '[SEP]', '[CLS', '[mask]', ' ', ' ', ' ', 'ΟΔΟΣ', 'ﬁx', 'a'.repeat(101), 'ab'.repeat(50)];

/** Well-formed text of many scripts, mixed from a few of them at a time. */
export function randomText(random: () => number, length: number): string {
  const below = (n: number) => Math.floor(random() * n);
  const chosen = Array.from({ length: 1 + below(4) }, () => ranges[below(ranges.length)]!);
  let text = '';
  for (let i = 0; i < length; i++) {
    const kind = random();
    if (kind < 0.15) {
      text += phrases[below(phrases.length)]!;
      continue;
    }
    const [low, high] = chosen[below(chosen.length)]!;
    const codePoint = kind < 0.25 ? oddities[below(oddities.length)]! : low + below(high - low + 1);
    if (codePoint < 0xd800 || codePoint > 0xdfff) text += String.fromCodePoint(codePoint);
  }
  return text;
}
