import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { matcher } from './freeze.js';

describe('freezing patterns', () => {
  it('match whole names, with * for anything and dots as dots', () => {
    const { matches } = matcher(['bert.embeddings.*', '*.bias']);
    expect(matches('bert.embeddings.LayerNorm.weight')).toBe(true);
    expect(matches('score.bias')).toBe(true);
    expect(matches('bert-embeddings.weight')).toBe(false);
    expect(matches('score.bias.more')).toBe(false);
  });

  it('match nothing when there are none', () => {
    expect(matcher([]).matches('anything')).toBe(false);
  });

  it('are refused when they match no parameter', () => {
    const frozen = matcher(['a.*', 'b.*']);
    expect(() => frozen.checkUsed(['a.x', 'b.y'])).not.toThrow();
    expect(() => frozen.checkUsed(['a.x'])).toThrow(ValidationError);
    expect(() => frozen.checkUsed(['a.x'])).toThrow("/train/freeze/1 'b.*' matches no parameter; names look like a.x");
  });
});
