import { describe, expect, it } from 'vitest';
import { parseEinsum } from './einsum.js';
import { Graph } from './graph.js';

describe('parseEinsum', () => {
  it('reads terms and output, and finds the output that is not said', () => {
    expect(parseEinsum('ij, jk -> ik', 2)).toEqual({ terms: ['ij', 'jk'], output: 'ik' });
    expect(parseEinsum('bj,aj', 2)).toEqual({ terms: ['bj', 'aj'], output: 'ab' });
    expect(parseEinsum('ij->', 1)).toEqual({ terms: ['ij'], output: '' });
  });

  it.each([
    ['...i,ij->...j', 2, "'...' is not"],
    ['ij->ij->ij', 1, "letters, ',' and one '->'"],
    ['ij,jk->ik', 3, 'has 2 terms for 3 operands'],
    ['ij->ik', 1, "an output letter 'k' that no operand has"],
    ['ij->ii', 1, "an output letter 'i' that no operand has, or twice"],
  ])('refuses %s for %i operands', (equation, operands, message) => {
    expect(() => parseEinsum(equation, operands)).toThrow(message);
  });
});

describe('operators with structure refuse', () => {
  it('operands that do not fit the letters', () => {
    const graph = new Graph();
    const [a, b] = [graph.input('a', 'float32', [2, 3]), graph.input('b', 'float32', [4, 5])];
    expect(() => graph.emit('Einsum', [a, b], { equation: 'ij,jk->ik' })).toThrow(
      "Einsum expected 3 for 'j', got [4, 5]",
    );
    expect(() => graph.emit('Einsum', [a], { equation: 'ijk->i' })).toThrow("3 axes for 'ijk'");
  });

  it('recurrent weights of other sizes, and directions that do not exist', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', ['sequence', 'batch', 3]);
    const [w, r] = [graph.input('w', 'float32', [1, 8, 3]), graph.input('r', 'float32', [1, 8, 2])];
    const emit = (attributes: Record<string, string | number>) => () => graph.emit('LSTM', [x, w, r], attributes, 3);
    expect(emit({ hidden_size: 2 })().map(({ shape }) => shape)).toEqual([
      ['sequence', 1, 'batch', 2],
      [1, 'batch', 2],
      [1, 'batch', 2],
    ]);
    expect(emit({ hidden_size: 3 })).toThrow('LSTM expected [1, 12, 3], got [1, 8, 3]');
    expect(emit({ direction: 'bidirectional' })).toThrow('LSTM expected [2, 8, 3], got [1, 8, 3]');
    expect(emit({ direction: 'sideways' })).toThrow("direction 'sideways'; it is forward, reverse or bidirectional");
  });

  it('indices of GatherND that address more axes than there are', () => {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [2, 3]);
    expect(() => graph.emit('GatherND', [x, graph.input('i', 'int64', [4, 3])])).toThrow(
      'indices whose last axis has 1 to 2 entries, got [4, 3]',
    );
  });
});
