import { expect, it } from 'vitest';
import { alignedParts } from './differences.js';

/** Segments of `a b c`, with a text like `abc`. */
function segments(words: string) {
  let at = 0;
  return words.split('|').map((word) => {
    const start = at;
    at += word.length;
    return { start, end: at };
  });
}
const parts = (expected: string, answered: string) =>
  Array.from(
    alignedParts(segments(expected), segments(answered)),
    (part) => `${part.expected.length}:${part.answered.length}${part.isRight ? '' : '!'}`,
  );

it.each([
  ['ab|c', 'ab|c', ['1:1', '1:1']],
  ['ab|c', 'a|b|c', ['1:2!', '1:1']],
  ['a|b|c', 'ab|c', ['2:1!', '1:1']],
  ['ab|cd|e', 'a|bc|d|e', ['2:3!', '1:1']],
  ['abc', 'abc', ['1:1']],
])('%s against %s', (expected, answered, found) => {
  expect(parts(expected, answered)).toEqual(found);
});

it('takes gaps, missing segments and labels into account', () => {
  const found = [
    ...alignedParts(
      [
        { start: 0, end: 2, label: '，' },
        { start: 3, end: 5 },
      ],
      [
        { start: 0, end: 2, label: '。' },
        { start: 7, end: 8 },
      ],
    ),
  ];
  expect(found.map(({ expected, answered, isRight }) => [expected.length, answered.length, isRight])).toEqual([
    [1, 1, false],
    [1, 0, false],
    [0, 1, false],
  ]);
  expect([...alignedParts([], [])]).toEqual([]);
});
