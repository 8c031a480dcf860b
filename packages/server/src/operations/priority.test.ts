import { describe, expect, it } from 'vitest';
import { urgencyOf } from './priority.js';

describe('urgencyOf', () => {
  it.each([
    ['u=0', 0],
    ['u=7, i', 7],
    ['i, u=5', 5],
    ['i,\tu=2;x=1', 2],
    ['u=1, u=4', 4],
  ])('reads %j', (header, urgency) => {
    expect(urgencyOf(header)).toBe(urgency);
  });

  it.each(['', 'u', 'u=8', 'u=-1', 'u=1.5', 'u=10', 'U=1', 'xu=1', 'u="1"', 'i', 'u=1x'])('ignores %j', (header) => {
    expect(urgencyOf(header)).toBeUndefined();
  });

  it('takes several headers as one', () => {
    expect(urgencyOf(['i', 'u=6'])).toBe(6);
    expect(urgencyOf(undefined)).toBeUndefined();
  });
});
