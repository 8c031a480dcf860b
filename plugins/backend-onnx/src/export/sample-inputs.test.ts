import { Graph } from '@zooid/onnx';
import { tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { sampleInputs } from './sample-inputs.js';

function tokenGraph(): Graph {
  const graph = new Graph();
  const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
  const mask = graph.input('attention_mask', 'int64', ['batch', 'sequence']);
  const types = graph.input('token_type_ids', 'int64', ['batch', 'sequence']);
  const places = graph.input('places', 'int64', ['batch', 'sequence', 'places']);
  const table = (name: string, rows: number) =>
    graph.initializer(name, tensor('float32', new Float32Array(rows * 2), [rows, 2]));
  const states = table('words', 50).gather(ids).add(table('types', 2).gather(types));
  const features = graph.input('features', 'float32', ['batch', 3]);
  graph.output(states.mul(mask.cast('float32').unsqueeze([2])).sum([1, 2], false), 'sum');
  graph.output(places.cast('float32').sum([0, 1, 2]), 'places_sum');
  graph.output(features.exp(), 'exp');
  return graph;
}

describe('sampleInputs', () => {
  it('draws ids from the tables they look up, masks that end in padding, and zeros where nothing is known', () => {
    const samples = sampleInputs(tokenGraph());
    expect(samples.length).toBeGreaterThan(3);
    for (const { input_ids, attention_mask, token_type_ids, places, features } of samples) {
      const [batch, length] = input_ids!.dims as [number, number];
      expect(Math.max(...toNumbers(input_ids!))).toBeLessThan(50);
      expect(new Set(toNumbers(token_type_ids!))).toEqual(new Set([0, 1]));
      const masks = toNumbers(attention_mask!);
      for (let row = 0; row < batch; row++) {
        const text = masks.slice(row * length, (row + 1) * length).join('');
        expect(text).toMatch(/^1+0*$/);
      }
      expect(masks).toContain(0);
      expect(places!.dims).toEqual([batch, length, 3]);
      expect(new Set(toNumbers(places!))).toEqual(new Set([0]));
      expect(features!.dims).toEqual([batch, 3]);
      expect(toNumbers(features!).every(Number.isFinite)).toBe(true);
    }
    expect(new Set(samples.map(({ input_ids }) => input_ids!.dims[1])).size).toBeGreaterThan(3);
  });

  it('keeps to the longest sequence, and is the same every time', () => {
    const samples = sampleInputs(tokenGraph(), 5);
    expect(Math.max(...samples.map(({ input_ids }) => input_ids!.dims[1]!))).toBe(5);
    expect(sampleInputs(tokenGraph(), 5)).toEqual(samples);
  });
});
