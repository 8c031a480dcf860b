import { encoderPresets } from '@zooid/nn';
import { describe, expect, it } from 'vitest';
import { distanceOf, localAttention } from './local-attention.js';

const config = encoderPresets.mini;
const width = config.hidden_size;
const size = width / config.num_attention_heads;
const weights = localAttention(config);
const weight = (name: string) => weights.get(`bert.${name}.weight`)!.data;

const positions = weight('embeddings.position_embeddings');
/** What a layer sees of a place when words say nothing: the table's row at unit deviation, as LayerNorm leaves it. */
function place(row: number): Float32Array {
  const values = positions.slice(row * width, (row + 1) * width);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / width);
  return values.map((value) => value / deviation);
}

function project(matrix: Float32Array, head: number, x: Float32Array): number[] {
  return Array.from({ length: size }, (_, row) => {
    const from = (head * size + row) * width;
    return x.reduce((sum, value, i) => sum + value * matrix[from + i]!, 0);
  });
}

/** Attention of a head at place `from` over all places. */
function attention(layer: number, head: number, from: number): number[] {
  const self = `encoder.layer.${layer}.attention.self`;
  const query = project(weight(`${self}.query`), head, place(from));
  const scores = Array.from({ length: config.max_position_embeddings }, (_, to) => {
    const key = project(weight(`${self}.key`), head, place(to));
    return query.reduce((sum, value, i) => sum + value * key[i]!, 0) / Math.sqrt(size);
  });
  const highest = Math.max(...scores);
  const total = scores.reduce((sum, score) => sum + Math.exp(score - highest), 0);
  return scores.map((score) => Math.exp(score - highest) / total);
}

describe('localAttention', () => {
  it('gives heads the distances −1, +1, −2, +2, …', () => {
    expect([0, 1, 2, 3, 4].map(distanceOf)).toEqual([-1, 1, -2, 2, -3]);
  });

  it.each([0, 1, 2, 3])('lets head %i look at its neighbour from everywhere', (head) => {
    for (const from of [5, 60, 120]) {
      const shares = attention(0, head, from);
      expect(shares.indexOf(Math.max(...shares))).toBe(from + distanceOf(head));
    }
    const [near, far] = [attention(0, head, 60), attention(0, head, 100)];
    expect(near[60 + distanceOf(head)]).toBeCloseTo(far[100 + distanceOf(head)]!, 4);
  });

  it('gives the neighbour and those beside it most of the attention', () => {
    const shares = attention(0, 0, 60);
    expect(shares[58]! + shares[59]! + shares[60]!).toBeGreaterThan(0.6);
  });

  it('holds sines and cosines of falling frequency, twice the deviation of words', () => {
    const amplitude = 2 * config.initializer_range * Math.SQRT2;
    expect(positions[3 * width]).toBeCloseTo(amplitude * Math.sin(3), 6);
    expect(positions[3 * width + 1]).toBeCloseTo(amplitude * Math.cos(3), 6);
    expect(positions[3 * width + 2]).toBeCloseTo(amplitude * Math.sin(3 / 10_000 ** (2 / width)), 6);
  });

  it('leaves upper layers and values at random', () => {
    expect([...weights.keys()].filter((name) => name.includes('layer'))).toEqual(
      [0, 1].flatMap((layer) =>
        ['query', 'key'].map((part) => `bert.encoder.layer.${layer}.attention.self.${part}.weight`),
      ),
    );
  });

  it('fits an encoder with one layer and heads of odd size', () => {
    const small = { ...config, num_hidden_layers: 1, hidden_size: 15, num_attention_heads: 3 };
    const names = [...localAttention(small).keys()];
    expect(names).toHaveLength(3);
    for (const { data, dims } of localAttention(small).values()) expect(data.length).toBe(dims[0]! * dims[1]!);
  });
});
