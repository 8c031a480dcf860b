import { type Dim, Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { addDims, dimTerms, divideDims, multiplyDims, subtractDims } from './dims.js';
import { GraphError } from './errors.js';

describe('dim arithmetic', () => {
  it('writes products with sorted names and the number in front', () => {
    expect(multiplyDims('sequence', 2, 'batch')).toBe('2*batch*sequence');
    expect(multiplyDims('batch*sequence', 'batch')).toBe('batch*batch*sequence');
    expect(multiplyDims('batch', 0)).toBe(0);
    expect(multiplyDims(2, 3)).toBe(6);
  });

  it('writes sums with the number last and cancels what cancels', () => {
    expect(addDims('sequence', 1, 'past')).toBe('past+sequence+1');
    expect(subtractDims('sequence', 1)).toBe('sequence-1');
    expect(subtractDims('sequence', 'past')).toBe('sequence-past');
    expect(subtractDims('sequence-1', 'sequence')).toBe(-1);
    expect(addDims('batch', 'batch')).toBe('2*batch');
  });

  it('multiplies sums out', () => {
    expect(multiplyDims('batch', 'past+sequence')).toBe('batch*past+batch*sequence');
  });

  it('reads names as other exporters write sums', () => {
    expect(addDims('past_sequence_length + 1', 1)).toBe('past_sequence_length+2');
  });

  it('takes what is no expression as one name', () => {
    expect(addDims('a//b(c)', 1)).toBe('a//b(c)+1');
    expect(dimTerms('floor((x')).toEqual([{ coefficient: 1, atoms: ['floor((x'] }]);
  });

  it('divides only where nothing is left over', () => {
    expect(divideDims(['batch', 'sequence', 256], [4, 'batch'])).toBe('64*sequence');
    expect(divideDims(['batch*sequence', 256], ['batch', 'sequence', 256])).toBe(1);
    expect(divideDims(['past+sequence', 8], ['past+sequence', 2])).toBe(4);
    expect(divideDims(['batch', 7], [2])).toBeUndefined();
    expect(divideDims(['batch'], ['sequence'])).toBeUndefined();
    expect(divideDims([6], [0])).toBeUndefined();
  });

  it('refuses to grow without bound', () => {
    let dim: Dim = Array.from({ length: 10 }, (_, i) => `n${i}`).join('+');
    expect(() => {
      for (let i = 0; i < 20; i++) dim = multiplyDims(dim, dim);
    }).toThrow(GraphError);
    expect(() => multiplyDims(2 ** 40, 2 ** 40)).toThrow(GraphError);
  });

  it('agrees with arithmetic on numbers under any binding of the names', () => {
    const random = new Random(5);
    const names = ['a', 'b', 'c'];
    const bindings = new Map(names.map((name) => [name, random.int(9) + 1]));
    const value = (dim: Dim) =>
      dimTerms(dim).reduce(
        (sum, { coefficient, atoms }) => sum + atoms.reduce((p, atom) => p * bindings.get(atom)!, coefficient),
        0,
      );
    for (let trial = 0; trial < 200; trial++) {
      const pick = (): Dim => (random.bernoulli(0.3) ? random.int(5) : random.choice(names));
      const [x, y, z] = [addDims(pick(), pick()), subtractDims(pick(), pick()), pick()];
      expect(value(multiplyDims(x, y, z))).toBeCloseTo(value(x) * value(y) * value(z));
      expect(value(addDims(x, y, z))).toBe(value(x) + value(y) + value(z));
      expect(addDims(x, y)).toBe(addDims(y, x));
      if (value(y) !== 0 && multiplyDims(y) !== 0) expect(divideDims([multiplyDims(x, y)], [y]) ?? x).toBe(addDims(x));
    }
  });
});
