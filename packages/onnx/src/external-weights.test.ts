import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphError } from './errors.js';
import { Graph } from './graph.js';
import { readModel } from './read-model.js';
import { writeModel } from './write-model.js';

function product(): Graph {
  const graph = new Graph();
  const x = graph.input('x', 'float32', ['batch', 2]);
  graph.output(x.matmul(graph.input('weight', 'float32', [2, 3])), 'y');
  return graph;
}

describe('writeModel with external weights', () => {
  it('turns inputs into initializers that lie in a side file', () => {
    const weight = { location: 'weights.bin', offset: 4096, sizeBytes: 24 };
    const model = writeModel(product(), { external: new Map([['weight', weight]]) });
    const data = new Uint8Array(4096 + 24);
    data.set(new Uint8Array(Float32Array.of(1, 2, 3, 4, 5, 6).buffer), 4096);
    const graph = readModel(model, { externalData: new Map([['weights.bin', data]]) });
    expect(graph.inputs.map(({ name }) => name)).toEqual(['x']);
    expect([...graph.initializers].map(([{ name }, value]) => [name, value])).toEqual([
      ['weight', tensor('float32', [1, 2, 3, 4, 5, 6], [2, 3])],
    ]);
  });

  it('refuses what is no input of a fixed shape', () => {
    const place = { location: 'weights.bin', offset: 0, sizeBytes: 8 };
    for (const name of ['wieght', 'x']) {
      const write = () => writeModel(product(), { external: new Map([[name, place]]) });
      expect(write).toThrow(GraphError);
      expect(write).toThrow(`'${name}' cannot be an external initializer`);
    }
  });
});
