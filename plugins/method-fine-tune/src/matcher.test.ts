import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { matcher } from './matcher.js';

describe('name patterns', () => {
  it('match whole names, with * for anything and dots as dots', () => {
    const { matches } = matcher(['bert.embeddings.*', '*.bias'], { at: '/train/freeze' });
    expect(matches('bert.embeddings.LayerNorm.weight')).toBe(true);
    expect(matches('score.bias')).toBe(true);
    expect(matches('bert-embeddings.weight')).toBe(false);
    expect(matches('score.bias.more')).toBe(false);
  });

  it('match nothing when there are none', () => {
    expect(matcher([], { at: '/train/freeze' }).matches('anything')).toBe(false);
  });

  it('are refused when they match no parameter', () => {
    const frozen = matcher(['a.*', 'b.*'], { at: '/train/freeze' });
    expect(() => frozen.checkUsed(['a.x', 'b.y'])).not.toThrow();
    expect(() => frozen.checkUsed(['a.x'])).toThrow(ValidationError);
    expect(() => frozen.checkUsed(['a.x'])).toThrow("/train/freeze/1 'b.*' matches no parameter; names look like a.x");
  });
});
