import { GraphError } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import { convolution } from './convolution.js';
import { GraphBuilder } from './graph-builder.js';

describe('convolution', () => {
  it('keeps the length of the sequence, and names and lays out its parameters as PyTorch does', () => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', ['batch', 'sequence', 4]);
    expect(convolution(builder.child('conv'), x, 6, 3).shape).toEqual(['batch', 'sequence', 6]);
    expect(builder.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['conv.weight', [6, 4, 3]],
      ['conv.bias', [6]],
    ]);
  });

  it.each([0, 2, 1.5])('refuses a kernel of %j', (kernel) => {
    const builder = new GraphBuilder();
    const x = builder.input('x', 'float32', ['batch', 'sequence', 4]);
    expect(() => convolution(builder, x, 6, kernel)).toThrow(GraphError);
  });
});
