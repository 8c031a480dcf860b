import type { Op } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { normals, type OpCase } from '../op-case.js';
import { alongAxis, at, erf, map, matmul, type NdArray, ndArray } from '../reference.js';

const [BATCH, QUERIES, KEYS, HEADS] = [2, 3, 4, 2];
/** What the cases add to the scores of hidden keys. */
export const FILTER = -1e4;

const softmax = (line: readonly number[]) => {
  const top = Math.max(...line);
  const weights = line.map((x) => Math.exp(x - top));
  const total = weights.reduce((sum, x) => sum + x, 0);
  return weights.map((x) => x / total);
};

/** `[batch, sequence, heads × d]` → `[batch, heads, sequence, d]` */
const split = (x: NdArray) => {
  const [batch, sequence, width] = x.dims as [number, number, number];
  const d = width / HEADS;
  return ndArray([batch, HEADS, sequence, d], ([b, h, s, i]) => at(x, [b!, s!, h! * d + i!]));
};

export const columns = (x: NdArray, from: number, to: number) =>
  ndArray([...x.dims.slice(0, -1), to - from], (index) => at(x, index.with(-1, index.at(-1)! + from)));

/** softmax(q kᵀ · scale + masked + bias) v of two heads, side by side again. */
export function attention(q: NdArray, k: NdArray, v: NdArray, scale: number, mask?: NdArray, bias?: NdArray): NdArray {
  const [queries, keys, values] = [q, k, v].map(split) as [NdArray, NdArray, NdArray];
  const transposed = ndArray([keys.dims[0]!, HEADS, keys.dims[3]!, keys.dims[2]!], ([b, h, i, s]) =>
    at(keys, [b!, h!, s!, i!]),
  );
  const products = matmul(queries, transposed);
  const scores = ndArray(products.dims, ([b, h, s, t]) => {
    const hidden = mask !== undefined && at(mask, [b!, t!]) === 0 ? FILTER : 0;
    return at(products, [b!, h!, s!, t!]) * scale + hidden + (bias === undefined ? 0 : at(bias, [b!, h!, s!, t!]));
  });
  const mixed = matmul(alongAxis(scores, 3, softmax), values);
  return ndArray([q.dims[0]!, q.dims[1]!, v.dims[2]!], ([b, s, i]) => {
    const d = v.dims[2]! / HEADS;
    return at(mixed, [b!, Math.floor(i! / d), s!, i! % d]);
  });
}

const mask = (keys: number) =>
  tensor(
    'int32',
    Array.from({ length: BATCH * keys }, (_, i) => (i < keys || i % keys === 0 ? 1 : 0)),
    [BATCH, keys],
  );

/** Packed projections of `[2, 3, 5]` to heads of 2 (values: `valueWidth`). */
function selfAttention(title: string, valueWidth: number, extra: Partial<Pick<OpCase, 'inputs'>>): OpCase {
  const packed = 8 + valueWidth;
  return {
    title,
    inputs: {
      x: normals([BATCH, QUERIES, 5], 71),
      w: normals([5, packed], 72),
      b: normals([packed], 73),
      ...extra.inputs,
    },
    shapes: { x: ['batch', 'sequence', 5] },
    build: ({ x, w, b, mask, bias }, graph) =>
      graph.emit('Attention', [x!, w!, b!, mask ?? null, null, bias ?? null], {
        num_heads: HEADS,
        scale: { float: 0.4 },
        mask_filter_value: { float: FILTER },
        ...(valueWidth !== 4 && { qkv_hidden_sizes: [4, 4, valueWidth] }),
      })[0]!,
    expected: ({ x, w, b, mask, bias }) => {
      const qkv = map((y, c) => y + c, matmul(x!, w!), b!);
      return attention(columns(qkv, 0, 4), columns(qkv, 4, 8), columns(qkv, 8, packed), 0.4, mask, bias);
    },
  };
}

export const contribCases = {
  Attention: [
    selfAttention('with a padding mask', 4, { inputs: { mask: mask(QUERIES) } }),
    selfAttention('with a bias for all heads', 4, { inputs: { bias: normals([BATCH, 1, QUERIES, QUERIES], 74) } }),
    selfAttention('with a bias per head, values of another width', 6, {
      inputs: { bias: normals([1, HEADS, QUERIES, QUERIES], 75) },
    }),
  ],
  MultiHeadAttention: [
    {
      title: 'over other keys, padded',
      inputs: {
        q: normals([BATCH, QUERIES, 4], 76),
        k: normals([BATCH, KEYS, 4], 77),
        v: normals([BATCH, KEYS, 4], 78),
        mask: mask(KEYS),
      },
      build: ({ q, k, v, mask }, graph) =>
        graph.emit('MultiHeadAttention', [q!, k!, v!, null, mask!], {
          num_heads: HEADS,
          scale: { float: 0.4 },
          mask_filter_value: { float: FILTER },
        })[0]!,
      expected: ({ q, k, v, mask }) => attention(q!, k!, v!, 0.4, mask),
    },
    {
      title: 'with a bias and the usual scale',
      inputs: {
        q: normals([BATCH, QUERIES, 4], 79),
        k: normals([BATCH, QUERIES, 4], 80),
        v: normals([BATCH, QUERIES, 4], 81),
        bias: normals([1, HEADS, QUERIES, QUERIES], 82),
      },
      build: ({ q, k, v, bias }, graph) =>
        graph.emit('MultiHeadAttention', [q!, k!, v!, null, null, bias!], { num_heads: HEADS })[0]!,
      expected: ({ q, k, v, bias }) => attention(q!, k!, v!, Math.SQRT1_2, undefined, bias),
    },
  ],
  BiasGelu: [
    {
      title: 'over the last axis',
      inputs: { x: normals([2, 3, 4], 83), bias: normals([4], 84) },
      build: ({ x, bias }, graph) => graph.emit('BiasGelu', [x!, bias!])[0]!,
      expected: ({ x, bias }) => map((v, b) => ((v + b) * (1 + erf((v + b) * Math.SQRT1_2))) / 2, x!, bias!),
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
