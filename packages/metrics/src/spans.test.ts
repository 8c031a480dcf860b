import { describe, expect, it } from 'vitest';
import { spanScores } from './spans.js';

describe('spanScores', () => {
  it('equals the example of seqeval', () => {
    // O O O B-MISC I-MISC I-MISC O | B-PER I-PER O   against   O O B-MISC I-MISC I-MISC I-MISC O | B-PER I-PER O
    const person = { start: 0, end: 2, type: 'PER' };
    const { micro, macro, perLabel } = spanScores(
      [[{ start: 3, end: 6, type: 'MISC' }], [person]],
      [[{ start: 2, end: 6, type: 'MISC' }], [person]],
    );
    expect(micro.f1).toBe(0.5);
    expect(macro.f1).toBe(0.5);
    expect(perLabel.MISC).toEqual({ precision: 0, recall: 0, f1: 0, support: 1 });
    expect(perLabel.PER).toEqual({ precision: 1, recall: 1, f1: 1, support: 1 });
  });

  it('asks for the type too, and keeps texts apart', () => {
    const span = { start: 0, end: 2, type: 'song' };
    expect(spanScores([[span]], [[{ ...span, type: 'album' }]]).micro.f1).toBe(0);
    expect(spanScores([[span], []], [[], [span]]).micro.f1).toBe(0);
  });

  it('counts a span that is named twice once', () => {
    const span = { start: 0, end: 2, type: 'song' };
    expect(spanScores([[span]], [[span, { ...span }]]).micro).toEqual({ precision: 1, recall: 1, f1: 1 });
  });
});
