import type { Op } from '@zooid/onnx';
import type { Shape } from '@zooid/tensor';
import { normals, type OpCase } from '../op-case.js';
import { map, matmul, type NdArray, ndArray } from '../reference.js';

const transposed = (a: NdArray) => ndArray(a.dims.toReversed(), ([i, j]) => a.data[j! * a.dims[1]! + i!]!);

function product(
  title: string,
  a: readonly number[],
  b: readonly number[],
  shapes?: Readonly<Record<string, Shape>>,
): OpCase {
  return {
    title,
    inputs: { a: normals(a, 21), b: normals(b, 22) },
    build: (v) => v.a!.matmul(v.b!),
    expected: (v) => matmul(v.a!, v.b!),
    ...(shapes && { shapes }),
  };
}

function gemm(transA: boolean, transB: boolean, c?: readonly number[]): OpCase {
  return {
    title: `with transA=${transA}, transB=${transB}, ${c === undefined ? 'without C' : `C of dims [${c}]`}`,
    inputs: {
      a: normals(transA ? [3, 2] : [2, 3], 23),
      b: normals(transB ? [4, 3] : [3, 4], 24),
      ...(c && { c: normals(c, 25) }),
    },
    build: (v, graph) =>
      graph.emit('Gemm', [v.a!, v.b!, ...(v.c === undefined ? [] : [v.c])], {
        transA: transA ? 1 : 0,
        transB: transB ? 1 : 0,
        alpha: 0.5,
        beta: { float: 2 },
      })[0]!,
    expected: (v) => {
      const y = matmul(transA ? transposed(v.a!) : v.a!, transB ? transposed(v.b!) : v.b!);
      return map((ab, add) => 0.5 * ab + 2 * add, y, v.c ?? { dims: [], data: [0] });
    },
  };
}

export const linearCases = {
  MatMul: [
    product('of two matrices', [2, 3], [3, 4]),
    product('of a batch and a shared weight', [2, 3, 4], [4, 2]),
    product('of a batch and a shared weight, symbolic', [2, 3, 4], [4, 2], { a: ['batch', 'sequence', 4] }),
    product('of two batches', [2, 2, 3, 2], [2, 2, 2, 3]),
    product('of batches that broadcast', [2, 1, 2, 3], [3, 3, 2]),
    product('of a matrix and a batch', [2, 3], [2, 3, 2]),
    product('of a vector and a matrix', [3], [3, 2]),
    product('of a batch and a vector', [2, 2, 3], [3]),
    product('of two vectors', [3], [3]),
    product('with axes of size 1', [1, 1, 3], [3, 1]),
    {
      title: 'with a transposed weight, used twice',
      inputs: { x: normals([2, 2, 3], 26), w: normals([3, 3], 27) },
      build: ({ x, w }) => x!.matmul(w!.swapLastTwo()).matmul(w!.swapLastTwo()),
      expected: ({ x, w }) => matmul(matmul(x!, transposed(w!)), transposed(w!)),
    },
  ],
  Gemm: [gemm(false, false), gemm(true, false, [4]), gemm(false, true, [2, 1]), gemm(true, true, [2, 4])],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
