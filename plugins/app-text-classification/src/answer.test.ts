import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { decodeLogits, labelScores, labelsThatHold } from './answer.js';

const logits = Float32Array.of(1, 3, 2);
const labels = ['a', 'b', 'c'];
const rounded = (scores: readonly { label: string; score: number }[]) =>
  scores.map(({ label, score }) => `${label} ${score.toFixed(4)}`);

describe('labelScores', () => {
  // softmax([1, 3, 2]) and 1/(1 + e^-x), computed with Python's math.exp.
  it.each([
    ['softmax', ['b 0.6652', 'c 0.2447', 'a 0.0900']],
    ['sigmoid', ['b 0.9526', 'c 0.8808', 'a 0.7311']],
    ['none', ['b 3.0000', 'c 2.0000', 'a 1.0000']],
  ] as const)('%s, best first', (fn, expected) => {
    expect(rounded(labelScores(logits, labels, fn))).toEqual(expected);
  });

  it('stays finite for logits of any size', () => {
    expect(rounded(labelScores(Float32Array.of(-1e4, 1e4), ['a', 'b'], 'softmax'))).toEqual(['b 1.0000', 'a 0.0000']);
    expect(rounded(labelScores(Float32Array.of(-1e4, 1e4), ['a', 'b'], 'sigmoid'))).toEqual(['b 1.0000', 'a 0.0000']);
  });

  it('keeps the order of the labels where scores are equal', () => {
    expect(labelScores(new Float32Array(3), labels, 'softmax').map(({ label }) => label)).toEqual(labels);
  });
});

describe('decodeLogits', () => {
  it('answers row by row, whatever floats the graph computes in', () => {
    const rows = tensor('float32', [1, 2, 4, 3], [2, 2]);
    const half = tensor('float16', [0x3c00, 0x4000, 0x4400, 0x4200], [2, 2]); // the same numbers in binary16
    for (const output of [rows, half]) {
      expect(decodeLogits(output, ['a', 'b'], 'none')).toEqual([
        [
          { label: 'b', score: 2 },
          { label: 'a', score: 1 },
        ],
        [
          { label: 'a', score: 4 },
          { label: 'b', score: 3 },
        ],
      ]);
    }
  });
});

describe('labelsThatHold', () => {
  it('are at or above their own threshold', () => {
    const answer = [
      { label: 'b', score: 0.8 },
      { label: 'a', score: 0.4 },
      { label: 'c', score: 0.4 },
    ];
    const thresholds = new Map([
      ['a', 0.4],
      ['b', 0.9],
    ]);
    expect(labelsThatHold(answer, thresholds)).toEqual([{ label: 'a', score: 0.4 }]);
  });
});
