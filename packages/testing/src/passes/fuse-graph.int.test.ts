import { readFileSync } from 'node:fs';
import { bertEncoder, paddingBias } from '@zooid/nn';
import { fuseGraph, Graph, readModel, type Value } from '@zooid/onnx';
import { type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { emitGolden } from '../nn/families/emit-golden.js';
import { goldenFeeds, goldenModels } from '../nn/families/golden-files.js';
import { emitClassifier, smallConfig } from '../nn/random-bert.js';
import { inferenceGraph, largestDifference, opCounts, runGraph, tokenFeeds } from './pass-fixtures.js';

const TOLERANCE = 1e-5;

/** Fuses, checks the outputs against the plain graph on the same inputs, and counts what the result holds. */
async function fuseAndCompare(graph: Graph, feeds: TensorMap): Promise<Readonly<Record<string, number>>> {
  const fused = fuseGraph(graph);
  expect(fused.inputs.map(({ name, dtype, shape }) => [name, dtype, shape])).toEqual(
    graph.inputs.map(({ name, dtype, shape }) => [name, dtype, shape]),
  );
  expect(largestDifference(await runGraph(graph, feeds), await runGraph(fused, feeds))).toBeLessThan(TOLERANCE);
  return opCounts(fused);
}

describe('fuseGraph on our encoders', () => {
  it('makes one attention, one BiasGelu and two products of a BERT layer', async () => {
    const graph = inferenceGraph((context) => {
      const { encoder, logits } = emitClassifier(context);
      return { states: encoder.lastHiddenState, logits };
    });
    const counts = await fuseAndCompare(graph, tokenFeeds(smallConfig.vocab_size));
    expect(counts).toMatchObject({ Attention: 2, BiasGelu: 2, LayerNormalization: 5 });
    // Output and both FFN projections of two layers, pooler and classifier; weights lie as products want them.
    expect(counts.MatMul).toBe(2 * 3 + 2);
    for (const op of ['Softmax', 'Transpose', 'Gelu', 'Unsqueeze', 'SkipLayerNormalization'])
      expect(counts[op], op).toBeUndefined();
  });

  it('computes the last layer of a classifier for the first token alone', async () => {
    const graph = inferenceGraph((context) => ({ logits: emitClassifier(context).logits }));
    const fused = fuseGraph(graph);
    const counts = await fuseAndCompare(graph, tokenFeeds(smallConfig.vocab_size));
    expect(counts).toMatchObject({ Attention: 1, MultiHeadAttention: 1, Split: 1, BiasGelu: 2 });
    const [states] = fused.nodes.filter(({ op }) => op === 'BiasGelu').at(-1)!.outputs;
    expect(states!.shape.slice(0, -1)).not.toContain('sequence');
  });

  const cases = goldenModels().flatMap((model) => Object.keys(model.tasks).map((task) => ({ model, task })));
  it.each(cases)('agrees on $model.name with a head for $task', async ({ model, task }) => {
    const graph = inferenceGraph((context) => ({ logits: emitGolden(context, model, task).logits }));
    const counts = await fuseAndCompare(graph, goldenFeeds(model));
    const { num_hidden_layers, n_layers, inner_group_num = 1 } = model.config;
    const layers = Number(num_hidden_layers ?? n_layers) * Number(inner_group_num);
    // GPT-2 projects queries, keys and values in one product already, which is another pattern.
    if (model.name !== 'gpt2') expect((counts.Attention ?? 0) + (counts.MultiHeadAttention ?? 0)).toBe(layers);
  });

  it('keeps a bias of its own, whether it is per head or for all queries', async () => {
    const feeds = {
      ...tokenFeeds(smallConfig.vocab_size),
      head_bias: random([1, 3, 7, 7], 1),
      key_bias: random([3, 1, 1, 7], 2),
    };
    for (const [name, shape] of [
      ['head_bias', [1, 3, 'sequence', 'sequence']],
      ['key_bias', ['batch', 1, 1, 'sequence']],
    ] as const) {
      const graph = inferenceGraph((context) => {
        const attnBias = context.input(name, 'float32', shape);
        return { states: bertEncoder(context, smallConfig, {}, { attnBias, attnScale: 0.3 }).lastHiddenState };
      });
      const counts = await fuseAndCompare(graph, feeds);
      expect(counts.Attention).toBe(2);
      expect(counts.Expand ?? 0).toBe(name === 'key_bias' ? 1 : 0);
    }
  });

  it('leaves attention alone whose probabilities are wanted', async () => {
    const graph = inferenceGraph((context) => ({ states: bertEncoder(context, smallConfig).lastHiddenState }));
    const softmax = graph.nodes.find(({ op }) => op === 'Softmax')!;
    graph.output(softmax.outputs[0]!, 'probabilities');
    const counts = await fuseAndCompare(graph, tokenFeeds(smallConfig.vocab_size));
    expect(counts).toMatchObject({ Attention: 1, Softmax: 1 });
  });
});

describe('fuseGraph on exports of PyTorch', () => {
  const read = (name: string) =>
    readModel(readFileSync(new URL(`../numeric/__golden__/exports/${name}.onnx`, import.meta.url)));

  it.each(['bert-11', 'bert-14-static', 'bert-17'])('finds attention and GELU in %s', async (name) => {
    const counts = await fuseAndCompare(read(name), tokenFeeds(16, 2, 5));
    expect(counts).toMatchObject({ Attention: 1, BiasGelu: 1 });
    expect(counts.Erf).toBeUndefined();
    expect(counts.Concat).toBeUndefined();
  });

  it('agrees on what it knows less of', async () => {
    await fuseAndCompare(read('gpt2-13'), tokenFeeds(16, 2, 5));
    await fuseAndCompare(read('sentence-12'), tokenFeeds(16, 2, 5));
  });
});

const random = (dims: readonly number[], seed: number): HostTensor<'float32'> => {
  const source = new Random(seed);
  return tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => source.normal()),
    dims,
  );
};

/** Self-attention by hand, with the places where exporters differ left open. */
function attention(options: {
  readonly scale: (q: Value, kT: Value) => Value;
  readonly transposeKeys?: 'once';
  readonly weight?: 'stored [in, out]';
  readonly keySource?: 'other';
}) {
  const graph = new Graph();
  const [batch, sequence, width, heads] = ['batch', 'sequence', 8, 2] as const;
  const x = graph.input('x', 'float32', [batch, sequence, width]);
  const mask = graph.input('mask', 'int64', [batch, sequence]);
  const weight = (name: string, seed: number) => graph.initializer(name, random([width, width], seed));
  const project = (name: string, from: Value, seed: number, perm: readonly number[]) => {
    const w = options.weight === undefined ? weight(name, seed).swapLastTwo() : weight(name, seed);
    const bias = graph.initializer(`${name}.bias`, random([width], seed + 10));
    return bias
      .add(from.matmul(w))
      .reshape([batch, sequence, heads, width / heads])
      .transpose(perm);
  };
  const source = options.keySource === undefined ? x : x.mul(x);
  const q = project('q', x, 1, [0, 2, 1, 3]);
  const kT =
    options.transposeKeys === 'once'
      ? project('k', source, 2, [0, 2, 3, 1])
      : project('k', source, 2, [0, 2, 1, 3]).swapLastTwo();
  const v = project('v', source, 3, [0, 2, 1, 3]);
  const probabilities = options.scale(q, kT).add(paddingBias(mask)).softmax();
  graph.output(probabilities.matmul(v).transpose([0, 2, 1, 3]).reshape([batch, sequence, width]), 'y');
  const feeds = { x: random([2, 3, 8], 20), mask: tensor('int64', [1, 1, 1, 1, 1, 0], [2, 3]) };
  return { graph, feeds };
}

describe('fuseGraph on attention as exporters write it', () => {
  const scaled = (q: Value, kT: Value) => q.matmul(kT).mul(0.5);
  it.each([
    ['a scale on the products', { scale: scaled }],
    ['a divisor of the products', { scale: (q: Value, kT: Value) => q.matmul(kT).div(2) }],
    ['no scale', { scale: (q: Value, kT: Value) => q.matmul(kT) }],
    ['half of the scale on either side', { scale: (q: Value, kT: Value) => q.mul(0.7).matmul(kT.mul(0.7)) }],
    ['a scaled query', { scale: (q: Value, kT: Value) => q.div(2).matmul(kT) }],
    ['keys transposed once', { scale: scaled, transposeKeys: 'once' }],
    ['weights stored as products want them', { scale: scaled, weight: 'stored [in, out]' }],
  ] as const)('takes %s', async (_, options) => {
    const { graph, feeds } = attention(options);
    expect(await fuseAndCompare(graph, feeds)).toMatchObject({ Attention: 1 });
  });

  it('packs keys and values of cross-attention', async () => {
    const { graph, feeds } = attention({ scale: scaled, keySource: 'other' });
    expect(await fuseAndCompare(graph, feeds)).toMatchObject({ MultiHeadAttention: 1, MatMul: 2, Split: 1 });
  });

  it('stores weights that layers share once', async () => {
    const model = goldenModels().find(({ name }) => name === 'albert')!;
    const graph = inferenceGraph((context) => ({ logits: emitGolden(context, model, 'token-classification').logits }));
    const fused = fuseGraph(graph);
    const bytes = (g: Graph) => [...g.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);
    expect(opCounts(fused).Attention).toBeGreaterThan(1);
    expect(bytes(fused)).toBeLessThanOrEqual(bytes(graph) + 64);
  });
});
