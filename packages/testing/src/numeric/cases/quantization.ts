import { affineQuantization, dequantize, type Op, quantize } from '@zooid/onnx';
import { Random, tensor } from '@zooid/tensor';
import { normals, type OpCase, positives } from '../op-case.js';
import { at, map, matmul, type NdArray, ndArray } from '../reference.js';
import { attention, columns, FILTER } from './contrib.js';

const integers = (dtype: 'int8' | 'uint8', dims: readonly number[], seed: number) => {
  const random = new Random(seed);
  const low = dtype === 'int8' ? -128 : 0;
  return tensor(
    dtype,
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => low + random.int(256)),
    dims,
  );
};

/** What DynamicQuantizeLinear makes of a tensor, in real numbers again. */
function rounded(x: NdArray): NdArray {
  const affine = affineQuantization(Math.min(...x.data), Math.max(...x.data), 'uint8');
  return map((value) => dequantize(quantize(value, affine, 'uint8'), affine), x);
}

const [K, N, BLOCK] = [20, 3, 16];
const BLOCKS = Math.ceil(K / BLOCK);

/** `[K, N]` from blocks of numbers around the middle of their range; of two 4-bit numbers the first is in the low half. */
function unpacked(b: NdArray, scales: NdArray, bits: number): NdArray {
  return ndArray([K, N], ([k, n]) => {
    const block = n! * BLOCKS + Math.floor(k! / BLOCK);
    const within = k! % BLOCK;
    const byte = b.data[block * b.dims[2]! + (bits === 4 ? within >> 1 : within)]!;
    const value = bits === 4 ? (within & 1 ? byte >> 4 : byte & 15) : byte;
    return (value - 2 ** (bits - 1)) * at(scales, [block]);
  });
}

function blocks(bits: 4 | 8): OpCase {
  return {
    title: `with ${bits} bits, a last block that is not full`,
    inputs: {
      x: normals([2, 2, K], 94),
      b: integers('uint8', [N, BLOCKS, (BLOCK * bits) / 8], 95),
      scales: positives([N * BLOCKS], 96),
    },
    shapes: { x: ['batch', 2, K] },
    build: ({ x, b, scales }, graph) =>
      graph.emit('MatMulNBits', [x!, b!, scales!], { K, N, bits, block_size: BLOCK })[0]!,
    expected: ({ x, b, scales }) => matmul(x!, unpacked(b!, scales!, bits)),
  };
}

/** Self-attention of two heads of two over `[2, 3, 5]`, which is quantized on the way. */
function quantizedAttention(title: string, mask: OpCase['inputs']): OpCase {
  return {
    title,
    inputs: {
      x: normals([2, 3, 5], 101),
      w: integers('int8', [5, 12], 102),
      b: normals([12], 103),
      scale: tensor(
        'float32',
        Float32Array.from({ length: 12 }, (_, i) => 0.002 + 0.0005 * i),
      ),
      ...mask,
    },
    shapes: { x: ['batch', 'sequence', 5] },
    build: ({ x, w, b, scale, mask }, graph) => {
      const [input, inputScale, zero] = graph.emit('DynamicQuantizeLinear', [x!], {}, 3);
      const operands = [input!, w!, b!, inputScale!, scale!, mask ?? null, zero!];
      return graph.emit('QAttention', operands, { num_heads: 2, mask_filter_value: { float: FILTER } })[0]!;
    },
    expected: ({ x, w, b, scale, mask }) => {
      const qkv = map((y, s, c) => y * s + c, matmul(rounded(x!), w!), scale!, b!);
      const [q, k, v] = [0, 4, 8].map((from) => columns(qkv, from, from + 4)) as [NdArray, NdArray, NdArray];
      return attention(q, k, v, Math.SQRT1_2, mask);
    },
  };
}

export const quantizationCases = {
  DynamicQuantizeLinear: [
    {
      title: 'gives numbers that are scale × (integer − zero point)',
      inputs: { x: normals([2, 3, 5], 99) },
      shapes: { x: ['batch', 'sequence', 5] },
      build: ({ x }, graph) => {
        const [y, scale, zero] = graph.emit('DynamicQuantizeLinear', [x!], {}, 3);
        return y!.cast('float32').sub(zero!.cast('float32')).mul(scale!);
      },
      expected: ({ x }) => rounded(x!),
    },
  ],
  QAttention: [
    quantizedAttention('with a scale per column', {}),
    quantizedAttention('with a padding mask', { mask: tensor('int32', [1, 1, 1, 1, 0, 1], [2, 3]) }),
  ],
  DynamicQuantizeMatMul: [
    {
      title: 'with a scale per column and a bias',
      inputs: {
        x: normals([2, 3, 5], 91),
        b: integers('int8', [5, 4], 92),
        scale: positives([4]),
        bias: normals([4], 93),
      },
      shapes: { x: ['batch', 'sequence', 5] },
      build: ({ x, b, scale, bias }, graph) => graph.emit('DynamicQuantizeMatMul', [x!, b!, scale!, null, bias!])[0]!,
      expected: ({ x, b, scale, bias }) => map((y, s, c) => y * s + c, matmul(rounded(x!), b!), scale!, bias!),
    },
    {
      title: 'of a matrix of one sign, without bias',
      inputs: { x: positives([3, 5], 97), b: integers('int8', [5, 4], 98), scale: positives([4]) },
      build: ({ x, b, scale }, graph) => graph.emit('DynamicQuantizeMatMul', [x!, b!, scale!])[0]!,
      expected: ({ x, b, scale }) => map((y, s) => y * s, matmul(rounded(x!), b!), scale!),
    },
  ],
  MatMulNBits: [blocks(4), blocks(8)],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
