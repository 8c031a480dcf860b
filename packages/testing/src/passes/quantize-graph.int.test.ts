import {
  bertEncoder,
  classificationHead,
  type ModuleContext,
  maskedLanguageModelHead,
  parseEncoderConfig,
} from '@zooid/nn';
import { fuseGraph, Graph, GraphError, quantizeDynamic, quantizeWeights, storeFloat16, type Value } from '@zooid/onnx';
import {
  float16BitsToFloat32,
  float32ToFloat16Bits,
  type HostTensor,
  Random,
  type TensorMap,
  tensor,
} from '@zooid/tensor';
import { beforeAll, describe, expect, it } from 'vitest';
import { inferenceGraph, largestDifference, opCounts, runGraph, tokenFeeds } from './pass-fixtures.js';

const config = parseEncoderConfig({
  vocab_size: 200,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 16,
});
const LABELS = 5;

const emitClassifier = (context: ModuleContext): Readonly<Record<string, Value>> => {
  const encoder = bertEncoder(context, config);
  const logits = classificationHead(context, encoder.pooledOutput(), { labels: LABELS });
  return { states: encoder.lastHiddenState, logits };
};

/** Weights of the usual size, LayerNorm around 1: what a network starts training from. */
function usualWeights(graph: Graph): Map<string, HostTensor<'float32'>> {
  const random = new Random(4);
  return new Map(
    [...graph.initializers].flatMap(([{ name }, { data, dims }]) => {
      if (!name.includes('.')) return [];
      const isScale = name.endsWith('LayerNorm.weight');
      const values = Float32Array.from(data as Float32Array, () => 0.05 * random.normal() + (isScale ? 1 : 0));
      return [[name, tensor('float32', values, dims)] as const];
    }),
  );
}

const feeds = tokenFeeds(config.vocab_size, 3, 12);
let plain: Graph;
let fused: Graph;
let expected: TensorMap;
let weights: ReadonlyMap<string, HostTensor<'float32'>>;

beforeAll(async () => {
  weights = usualWeights(inferenceGraph(emitClassifier));
  plain = inferenceGraph(emitClassifier, weights);
  fused = fuseGraph(plain);
  expected = await runGraph(plain, feeds);
});

const floatMatrices = (graph: Graph) =>
  [...graph.initializers].flatMap(([{ name }, { dtype, dims }]) =>
    dtype === 'float32' && dims.length === 2 && dims[1] !== 1 ? [name] : [],
  );
const bytesOf = (graph: Graph) => [...graph.initializers.values()].reduce((sum, { data }) => sum + data.byteLength, 0);

describe('quantizeDynamic', () => {
  it('quantizes projections and word table, and keeps scores, small tables and normalisation in float32', async () => {
    const quantized = quantizeDynamic(fused);
    expect(opCounts(quantized)).toMatchObject({
      QAttention: 2,
      DynamicQuantizeMatMul: 2 * 3 + 1, // output, two of the FFN; pooler
      Gelu: 2, // biases are part of the products
      MatMul: 1,
      LayerNormalization: 5,
    });
    expect(floatMatrices(quantized).sort()).toEqual([
      'bert.embeddings.position_embeddings.weight',
      'bert.embeddings.token_type_embeddings.weight',
      expect.stringMatching(/^classifier\.weight\.transposed/), // as the product wants it
    ]);
    expect(bytesOf(quantized)).toBeLessThan(0.31 * bytesOf(plain));
    const difference = largestDifference(expected, await runGraph(quantized, feeds));
    expect(difference).toBeGreaterThan(0);
    expect(difference).toBeLessThan(0.05);
  });

  it('comes as close with half the range as the range allows, and not as close', async () => {
    const reduced = quantizeDynamic(fused, { reduceRange: true });
    const values = [...reduced.initializers.values()].filter(({ dtype, dims }) => dtype === 'int8' && dims[0] === 64);
    expect(Math.max(...values.map(({ data }) => Math.max(...(data as Int8Array).map(Math.abs))))).toBe(63);
    expect(largestDifference(expected, await runGraph(reduced, feeds))).toBeLessThan(0.08);
  });

  it('splits attention whose scores are scaled in another way than the quantized operator does', async () => {
    const scaled = scaledAttention(fused, 0.3);
    const quantized = quantizeDynamic(scaled);
    expect(opCounts(quantized)).toMatchObject({ MultiHeadAttention: 2, DynamicQuantizeMatMul: 2 * 4 + 1 });
    expect(opCounts(quantized).QAttention).toBeUndefined();
    expect(largestDifference(await runGraph(scaled, feeds), await runGraph(quantized, feeds))).toBeLessThan(0.05);
  });

  it('says the same of attention in either way', async () => {
    const usual = quantizeDynamic(fused);
    const split = quantizeDynamic(scaledAttention(fused, 0.25 * (1 + 1e-5)));
    expect(opCounts(split).QAttention).toBeUndefined();
    expect(largestDifference(await runGraph(usual, feeds), await runGraph(split, feeds))).toBeLessThan(2e-3);
  });

  it('quantizes a graph that was not fused as well, attention apart', async () => {
    const quantized = quantizeDynamic(plain);
    expect(opCounts(quantized)).toMatchObject({ DynamicQuantizeMatMul: 2 * 6 + 1, Softmax: 2 });
    expect(largestDifference(expected, await runGraph(quantized, feeds))).toBeLessThan(0.05);
  });

  it('can leave tables alone, and quantize scores', async () => {
    const quantized = quantizeDynamic(fused, { embeddings: false, maxFloatScores: 0, minElements: 1 });
    expect(floatMatrices(quantized)).toContain('bert.embeddings.word_embeddings.weight');
    expect(opCounts(quantized).MatMul).toBeUndefined();
    expect(largestDifference(expected, await runGraph(quantized, feeds))).toBeLessThan(0.05);
  });

  it('quantizes a tied table for both uses', async () => {
    const graph = inferenceGraph((context) => {
      const { lastHiddenState } = bertEncoder(context, config);
      return { logits: maskedLanguageModelHead(context, config, lastHiddenState) };
    }, withHead(weights));
    const quantized = quantizeDynamic(fuseGraph(graph), { maxFloatScores: 0 });
    expect(floatMatrices(quantized)).not.toContain('bert.embeddings.word_embeddings.weight');
    expect(largestDifference(await runGraph(graph, feeds), await runGraph(quantized, feeds))).toBeLessThan(0.05);
  });

  it('names a weight that is no number', () => {
    const graph = new Graph();
    const w = graph.initializer('w', tensor('float32', [Number.NaN, 1], [2, 1]));
    const hidden = graph.input('x', 'float32', ['batch', 2]).matmul(w).tanh();
    graph.output(hidden, 'y');
    expect(() => quantizeDynamic(graph, { minElements: 1 })).toThrow(GraphError);
  });
});

describe('quantizeWeights', () => {
  it.each([
    [4, 32, 0.2],
    [8, 64, 0.03],
  ] as const)('stores weights in %i bits, blocks of %i', async (bits, blockSize, tolerance) => {
    const quantized = quantizeWeights(fused, { bits, blockSize });
    expect(opCounts(quantized)).toMatchObject({ MatMulNBits: 9, MultiHeadAttention: 2, MatMul: 1 });
    expect(largestDifference(expected, await runGraph(quantized, feeds))).toBeLessThan(tolerance);
  });

  it('is smaller with four bits than int8 is', () => {
    expect(bytesOf(quantizeWeights(fused))).toBeLessThan(0.85 * bytesOf(quantizeDynamic(fused)));
  });

  it('refuses block sizes that the operator does not take', () => {
    expect(() => quantizeWeights(fused, { blockSize: 48 })).toThrow('A block holds 16, 32, 64, 128 or 256 weights');
  });
});

describe('storeFloat16', () => {
  it('halves the weights and computes with the nearest float16 of each', async () => {
    const stored = storeFloat16(plain);
    expect(bytesOf(stored)).toBeLessThan(0.55 * bytesOf(plain));
    const rounded = new Map(
      [...weights].map(([name, { data, dims }]) => {
        const nearest = data.map((value) => float16BitsToFloat32(float32ToFloat16Bits(value)));
        return [name, data.length < 256 ? tensor('float32', data, dims) : tensor('float32', nearest, dims)];
      }),
    );
    const actual = await runGraph(stored, feeds);
    expect(largestDifference(await runGraph(inferenceGraph(emitClassifier, rounded), feeds), actual)).toBeLessThan(
      1e-6,
    );
    expect(largestDifference(expected, actual)).toBeLessThan(2e-3);
  });

  it('keeps a weight in float32 that float16 cannot hold', () => {
    const graph = new Graph();
    const w = graph.initializer('w', tensor('float32', new Float32Array(512).fill(1e5), [512]));
    graph.output(graph.input('x', 'float32', ['batch', 512]).mul(w), 'y');
    expect([...storeFloat16(graph).initializers.values()].map(({ dtype }) => dtype)).toEqual(['float32']);
  });
});

/** The same graph, with the scores of attention multiplied by `scale`. */
function scaledAttention(source: Graph, scale: number): Graph {
  const graph = source.derive();
  const copies = new Map<Value, Value>();
  for (const value of source.inputs) copies.set(value, graph.input(value.name, value.dtype, value.shape));
  for (const [value, data] of source.initializers) copies.set(value, graph.initializer(value.name, data));
  for (const node of source.nodes) {
    const attributes = node.op === 'Attention' ? { ...node.attributes, scale: { float: scale } } : node.attributes;
    const inputs = node.inputs.map((value) => value && copies.get(value)!);
    graph.copyNode({ ...node, attributes }, inputs).forEach((copy, i) => {
      copies.set(node.outputs[i]!, copy);
    });
  }
  for (const value of source.outputs) graph.output(copies.get(value)!, value.name);
  return graph;
}

function withHead(encoder: ReadonlyMap<string, HostTensor<'float32'>>): Map<string, HostTensor<'float32'>> {
  const random = new Random(6);
  const fill = (dims: readonly number[], mean = 0) =>
    tensor(
      'float32',
      Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => mean + 0.05 * random.normal()),
      dims,
    );
  return new Map([
    ...encoder,
    ['cls.predictions.transform.dense.weight', fill([64, 64])],
    ['cls.predictions.transform.dense.bias', fill([64])],
    ['cls.predictions.transform.LayerNorm.weight', fill([64], 1)],
    ['cls.predictions.transform.LayerNorm.bias', fill([64])],
    ['cls.predictions.bias', fill([200])],
  ]);
}
