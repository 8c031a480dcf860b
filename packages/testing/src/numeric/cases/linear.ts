import type { Op } from '@zooid/onnx';
import type { Shape } from '@zooid/tensor';
import { normals, type OpCase } from '../op-case.js';
import { at, map, matmul, type NdArray, ndArray } from '../reference.js';

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

const sumOver = (dims: readonly number[], term: (index: readonly number[]) => number) =>
  ndArray(dims, term).data.reduce((a, b) => a + b, 0);

function einsum(
  title: string,
  equation: string,
  dims: readonly (readonly number[])[],
  expected: OpCase['expected'],
): OpCase {
  return {
    title: `${title}: ${equation}`,
    inputs: Object.fromEntries(dims.map((shape, i) => [i === 0 ? 'a' : 'b', normals(shape, 28 + i)])),
    build: (v, graph) => graph.emit('Einsum', Object.values(v), { equation })[0]!,
    expected,
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
  Einsum: [
    einsum(
      'of two matrices',
      'ij,jk->ik',
      [
        [2, 3],
        [3, 4],
      ],
      (v) => matmul(v.a!, v.b!),
    ),
    einsum(
      'without an arrow',
      'ij,jk',
      [
        [2, 3],
        [3, 4],
      ],
      (v) => matmul(v.a!, v.b!),
    ),
    {
      ...einsum(
        'of heads with their output weights, symbolic',
        'bsnd,ndh->bsh',
        [
          [2, 3, 2, 2],
          [2, 2, 3],
        ],
        (v) =>
          ndArray([2, 3, 3], ([b, s, h]) =>
            sumOver([2, 2], ([n, d]) => at(v.a!, [b!, s!, n!, d!]) * at(v.b!, [n!, d!, h!])),
          ),
      ),
      shapes: { a: ['batch', 'sequence', 2, 2] },
    },
    einsum('summing a letter of one operand', 'ij,k->ik', [[2, 3], [4]], (v) =>
      ndArray([2, 4], ([i, k]) => sumOver([3], ([j]) => at(v.a!, [i!, j!])) * at(v.b!, [k!])),
    ),
    einsum('of one operand, transposing', 'ij->ji', [[2, 3]], (v) => transposed(v.a!)),
  ],
  Gemm: [gemm(false, false), gemm(true, false, [4]), gemm(false, true, [2, 1]), gemm(true, true, [2, 4])],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
