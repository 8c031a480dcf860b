import { describe, expect, it } from 'vitest';
import { withOverrides } from './with-overrides.js';

describe('withOverrides', () => {
  const options = { size: 1, noise: { swap: 0.1, drop: 0.2 }, fold: { a: 'b', c: 'd' }, marks: ['x', 'y'] };

  it('replaces what is named, also inside sections, and leaves the rest', () => {
    expect(withOverrides(options, { size: 2, noise: { drop: 0 }, marks: ['z'] })).toEqual({
      size: 2,
      noise: { swap: 0.1, drop: 0 },
      fold: { a: 'b', c: 'd' },
      marks: ['z'],
    });
    expect(options.noise).toEqual({ swap: 0.1, drop: 0.2 });
  });

  it('replaces maps as a whole where it is told to, and a section by what is none', () => {
    expect(withOverrides(options, { fold: { a: 'e' }, noise: null }, ['fold'])).toMatchObject({
      fold: { a: 'e' },
      noise: null,
    });
    expect(withOverrides(options, { fold: { a: 'e' } }, ['fold']).fold).toEqual({ a: 'e' });
  });
});
