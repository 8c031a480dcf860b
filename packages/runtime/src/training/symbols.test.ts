import { describe, expect, it } from 'vitest';
import { resolveShape } from './symbols.js';

const bindings = new Map([
  ['batch', 4],
  ['sequence', 6],
  ['odd name', 3],
]);

describe('resolveShape', () => {
  it('replaces names and evaluates sums of products', () => {
    const shape = [2, 'batch', 'batch*sequence', '2*batch+sequence-1', 'odd name'];
    expect(resolveShape(shape, bindings, "'mask'")).toEqual([2, 4, 24, 13, 3]);
  });

  it.each(['heads', 'batch*heads', '?7'])('names the dimension %j that nothing binds', (dim) => {
    expect(() => resolveShape([dim], bindings, "'mask'")).toThrow(/of 'mask' is bound by no input/);
  });
});
