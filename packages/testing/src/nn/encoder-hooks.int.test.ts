import { bertEncoder, bertLayer, type EncoderHooks, emitBertLayer, MASKED_SCORE, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import {
  feedsOf,
  int64,
  lastHiddenState,
  paddedRows,
  row,
  runModule,
  smallConfig,
  worstDifference,
} from './random-bert.js';

const feeds = feedsOf(paddedRows);
const [BATCH, SEQUENCE, HIDDEN] = [3, 7, smallConfig.hidden_size] as const;
const WIDE = ['batch', 'sequence', HIDDEN] as const;

const randomTensor = (dims: readonly number[], seed = 1): HostTensor<'float32'> => {
  const random = new Random(seed);
  const size = dims.reduce((a, b) => a * b, 1);
  return tensor(
    'float32',
    Float32Array.from({ length: size }, () => random.normal()),
    dims,
  );
};

describe('padding', () => {
  it('changes nothing: a padded row equals the row alone', async () => {
    const together = await lastHiddenState(feeds);
    for (const [index, mask] of paddedRows.attention_mask.entries()) {
      const length = mask.reduce((a, b) => a + b, 0);
      const alone = await lastHiddenState(
        Object.fromEntries(
          Object.entries(paddedRows).map(([name, rows]) => [name, int64([rows[index]!.slice(0, length)])]),
        ),
      );
      const kept = row(together, index).slice(0, length * HIDDEN);
      expect(worstDifference(kept, row(alone, 0))).toBeLessThan(1e-5);
    }
  });

  it('hides what stands in padded positions exactly', async () => {
    const other = {
      ...paddedRows,
      input_ids: paddedRows.input_ids.map((ids) => ids.map((id) => (id === 0 ? 25 : id))),
    };
    const [a, b] = [await lastHiddenState(feeds), await lastHiddenState(feedsOf(other))];
    expect(row(b, 1).slice(0, 4 * HIDDEN)).toEqual(row(a, 1).slice(0, 4 * HIDDEN));
  });
});

describe('positionIds', () => {
  const single = (ids: readonly number[]): TensorMap =>
    feedsOf({ input_ids: [ids], attention_mask: [ids.map(() => 1)], token_type_ids: [ids.map(() => 0)] });
  const ids = [2, 17, 8, 33, 21];
  const permutation = [3, 0, 4, 2, 1];
  const permuted = (values: readonly number[]) => permutation.map((i) => values[i]!);
  const rowsOf = (states: HostTensor<'float32'>) =>
    Array.from({ length: ids.length }, (_, i) => row(states, 0).slice(i * HIDDEN, (i + 1) * HIDDEN));

  it("of 'none' make the encoder equivariant to permutations of the tokens", async () => {
    const none = (): EncoderHooks => ({ positionIds: 'none' });
    const straight = rowsOf(await lastHiddenState(single(ids), none));
    const shuffled = rowsOf(await lastHiddenState(single(permuted(ids)), none));
    expect(
      worstDifference(
        shuffled.flat(),
        permutation.flatMap((i) => straight[i]!),
      ),
    ).toBeLessThan(1e-5);
    const withPositions = rowsOf(await lastHiddenState(single(permuted(ids))));
    expect(
      worstDifference(
        withPositions.flat(),
        permutation.flatMap((i) => straight[i]!),
      ),
    ).toBeGreaterThan(0.1);
  });

  it('of the caller move with the tokens', async () => {
    const given = (context: ModuleContext): EncoderHooks => ({
      positionIds: context.input('position_ids', 'int64', ['batch', 'sequence']),
    });
    const straight = rowsOf(await lastHiddenState(single(ids)));
    const same = await lastHiddenState({ ...single(ids), position_ids: int64([[0, 1, 2, 3, 4]]) }, given);
    expect(rowsOf(same)).toEqual(straight);
    const moved = await lastHiddenState({ ...single(permuted(ids)), position_ids: int64([permutation]) }, given);
    expect(
      worstDifference(
        rowsOf(moved).flat(),
        permutation.flatMap((i) => straight[i]!),
      ),
    ).toBeLessThan(1e-5);
  });
});

describe('embedMix', () => {
  const mixed =
    (lambda: number | 'scalar') =>
    (context: ModuleContext): EncoderHooks => ({
      embedMix: {
        mask: context.input('mix_mask', 'float32', ['batch', 'sequence', 1]),
        vector: context.input('mix_vector', 'float32', WIDE),
        lambda: lambda === 'scalar' ? context.scalar('lambda') : lambda,
      },
    });
  const vector = randomTensor([BATCH, SEQUENCE, HIDDEN]);
  const maskOf = (value: (position: number) => number): HostTensor =>
    tensor(
      'float32',
      Float32Array.from({ length: BATCH * SEQUENCE }, (_, i) => value(i)),
      [BATCH, SEQUENCE, 1],
    );

  it('with an empty mask is the identity, bit for bit', async () => {
    const plain = await lastHiddenState(feeds);
    const same = await lastHiddenState({ ...feeds, mix_mask: maskOf(() => 0), mix_vector: vector }, mixed(0.5));
    expect(same.data).toEqual(plain.data);
  });

  it('with λ = 1 replaces the embedding sum where the mask is 1', async () => {
    const fed: TensorMap = { ...feeds, mix_mask: maskOf(() => 1), mix_vector: vector };
    const other = { ...feeds, input_ids: int64(paddedRows.input_ids.map((ids) => ids.map(() => 7))) };
    const a = await lastHiddenState(fed, mixed(1));
    const b = await lastHiddenState({ ...fed, ...other }, mixed(1));
    expect(b.data).toEqual(a.data);
  });

  it('takes λ as a scalar fed per step', async () => {
    const fed: TensorMap = { ...feeds, mix_mask: maskOf((i) => i % 2), mix_vector: vector };
    const fixed = await lastHiddenState(fed, mixed(0.25));
    const scalar = await lastHiddenState({ ...fed, lambda: tensor('float32', [0.25], []) }, mixed('scalar'));
    expect(worstDifference(scalar.data, fixed.data)).toBeLessThan(1e-6);
  });
});

describe('attnBias', () => {
  it('masks a key exactly, like padding does', async () => {
    const biased = (context: ModuleContext): EncoderHooks => ({
      attnBias: context.input('bias', 'float32', [1, 1, 1, 'sequence']),
    });
    const bias = tensor('float32', [0, 0, 0, MASKED_SCORE, 0, 0, 0], [1, 1, 1, 7]);
    const ids = (id: number) => int64([[2, 17, 8, id, 21, 9, 3]]);
    const one = feedsOf({
      input_ids: [paddedRows.input_ids[0]!],
      attention_mask: [paddedRows.attention_mask[0]!],
      token_type_ids: [paddedRows.token_type_ids[0]!],
    });
    const states = async (id: number) => row(await lastHiddenState({ ...one, input_ids: ids(id), bias }, biased), 0);
    const [a, b] = [await states(33), await states(12)];
    const others = (values: readonly number[]) => values.filter((_, i) => Math.floor(i / HIDDEN) !== 3);
    expect(others(b)).toEqual(others(a));
    expect(b).not.toEqual(a);

    const masked = await lastHiddenState({ ...one, attention_mask: int64([[1, 1, 1, 0, 1, 1, 1]]) });
    expect(worstDifference(others(row(masked, 0)), others(a))).toBeLessThan(1e-6);
  });

  it('may differ per head and pair of positions', async () => {
    const shape = ['batch', smallConfig.num_attention_heads, 'sequence', 'sequence'] as const;
    const biased = (context: ModuleContext): EncoderHooks => ({ attnBias: context.input('bias', 'float32', shape) });
    const dims = [BATCH, smallConfig.num_attention_heads, SEQUENCE, SEQUENCE];
    const size = dims.reduce((a, b) => a * b, 1);
    const plain = await lastHiddenState(feeds);
    const zero = await lastHiddenState({ ...feeds, bias: tensor('float32', new Float32Array(size), dims) }, biased);
    expect(zero.data).toEqual(plain.data);
    const random = await lastHiddenState({ ...feeds, bias: randomTensor(dims) }, biased);
    expect(worstDifference(random.data, plain.data)).toBeGreaterThan(1e-3);
  });
});

describe('attnScale', () => {
  it('of 0 ignores what queries ask for, as queries of zero do', async () => {
    const even = await lastHiddenState(feeds, () => ({ attnScale: 0 }));
    const silent = await lastHiddenState(feeds, () => ({
      parameterView: (name, weight) => (name.includes('self.query.') ? weight.mul(0) : weight),
    }));
    expect(worstDifference(even.data, silent.data)).toBeLessThan(1e-6);
    expect(worstDifference(even.data, (await lastHiddenState(feeds)).data)).toBeGreaterThan(1e-3);
  });

  it('of 1/√d is the default', async () => {
    const d = HIDDEN / smallConfig.num_attention_heads;
    const explicit = await lastHiddenState(feeds, () => ({ attnScale: 1 / Math.sqrt(d) }));
    expect(explicit.data).toEqual((await lastHiddenState(feeds)).data);
  });
});

describe('layers', () => {
  it('that pass everything on leave the embeddings', async () => {
    const identity = { path: 'identity', emit: (_context: ModuleContext, hidden: Value) => hidden };
    const { states, embeddings } = await runModule((context) => {
      const encoder = bertEncoder(context, smallConfig, {}, { layers: [identity, identity] });
      return { states: encoder.lastHiddenState, embeddings: encoder.hiddenStates[0]! };
    }, feeds);
    expect(states?.data).toEqual(embeddings?.data);
  });

  it('run in the order given, and one that stands twice shares its weights', async () => {
    const order = (...indices: readonly number[]) =>
      lastHiddenState(feeds, () => ({ layers: indices.map((index) => bertLayer(index)) }));
    const plain = await lastHiddenState(feeds);
    expect((await order(0, 1)).data).toEqual(plain.data);
    expect(worstDifference((await order(1, 0)).data, plain.data)).toBeGreaterThan(1e-2);
    const wrapped = await lastHiddenState(feeds, () => ({
      layers: [bertLayer(0), { path: 'layer.0', emit: emitBertLayer }],
    }));
    expect(wrapped.data).toEqual((await order(0, 0)).data);
  });
});

describe('parameterView', () => {
  it('of the identity changes nothing; a zeroed matrix takes its module out', async () => {
    const plain = await lastHiddenState(feeds);
    const same = await lastHiddenState(feeds, () => ({ parameterView: (_name, weight) => weight }));
    expect(same.data).toEqual(plain.data);
    // Without values, attention adds only biases: what the other tokens are no longer matters.
    const deaf = (): EncoderHooks => ({
      parameterView: (name, weight) => (/self\.value\.weight$/.test(name) ? weight.mul(0) : weight),
    });
    const other = { ...feeds, input_ids: int64([[2, 30, 8, 12, 21, 9, 3], ...paddedRows.input_ids.slice(1)]) };
    const [a, b] = [await lastHiddenState(feeds, deaf), await lastHiddenState(other, deaf)];
    const token = (states: HostTensor<'float32'>, position: number) =>
      row(states, 0).slice(position * HIDDEN, (position + 1) * HIDDEN);
    expect(worstDifference(token(a, 2), token(b, 2))).toBeLessThan(1e-6);
    expect(worstDifference(token(a, 1), token(b, 1))).toBeGreaterThan(1e-2);
  });
});
