import { elementCount, type HostTensor, toNumbers } from '@zooid/tensor';

/** A plain n-dimensional array, for reference implementations that are obviously right rather than fast. */
export interface NdArray {
  readonly dims: readonly number[];
  readonly data: readonly number[];
}

export type Index = readonly number[];

export function fromTensor(tensor: HostTensor): NdArray {
  return { dims: tensor.dims, data: toNumbers(tensor) };
}

/** The array whose element at each index is `at(index)`. */
export function ndArray(dims: readonly number[], at: (index: Index) => number): NdArray {
  return { dims, data: Array.from({ length: elementCount(dims) }, (_, i) => at(unravel(i, dims))) };
}

/** The element at `index`; axes of size 1 and missing leading axes broadcast. */
export function at(array: NdArray, index: Index): number {
  const extra = index.length - array.dims.length;
  return array.data[array.dims.reduce((offset, dim, i) => offset * dim + (dim === 1 ? 0 : index[i + extra]!), 0)]!;
}

/** Elementwise with broadcasting. */
export function map(f: (...values: number[]) => number, ...arrays: readonly NdArray[]): NdArray {
  const rank = Math.max(...arrays.map(({ dims }) => dims.length));
  const dims = Array.from({ length: rank }, (_, i) =>
    arrays.reduce((size, array) => {
      const dim = array.dims[i - rank + array.dims.length] ?? 1;
      return dim === 1 ? size : dim;
    }, 1),
  );
  return ndArray(dims, (index) => f(...arrays.map((array) => at(array, index))));
}

/** Folds `axes` (all of them when absent) into one number each; the axes stay with size 1 when `keep`. */
export function reduce(
  array: NdArray,
  axes: readonly number[],
  keep: boolean,
  fold: (values: readonly number[]) => number,
): NdArray {
  const kept = array.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
  const folded = ndArray(kept, (index) => {
    const region = ndArray(
      axes.map((axis) => array.dims[axis]!),
      (inner) =>
        at(
          array,
          index.map((position, axis) => (axes.includes(axis) ? inner[axes.indexOf(axis)]! : position)),
        ),
    );
    return fold(region.data);
  });
  return keep ? folded : { dims: array.dims.filter((_, i) => !axes.includes(i)), data: folded.data };
}

/** Applies `f` to every line along `axis`. */
export function alongAxis(array: NdArray, axis: number, f: (line: readonly number[]) => readonly number[]): NdArray {
  const line = (index: Index) => Array.from({ length: array.dims[axis]! }, (_, i) => at(array, index.with(axis, i)));
  return ndArray(array.dims, (index) => f(line(index))[index[axis]!]!);
}

/** NumPy's `matmul`. */
export function matmul(a: NdArray, b: NdArray): NdArray {
  if (a.dims.length === 1) return dropAxis(matmul({ ...a, dims: [1, a.dims[0]!] }, b), -2);
  if (b.dims.length === 1) return dropAxis(matmul(a, { ...b, dims: [b.dims[0]!, 1] }), -1);
  const inner = a.dims.at(-1)!;
  const rank = Math.max(a.dims.length, b.dims.length);
  const batch = Array.from({ length: rank - 2 }, (_, i) =>
    Math.max(a.dims[i - rank + a.dims.length] ?? 1, b.dims[i - rank + b.dims.length] ?? 1),
  );
  return ndArray([...batch, a.dims.at(-2)!, b.dims.at(-1)!], (index) => {
    const [row, column] = [index[rank - 2]!, index[rank - 1]!];
    const lead = index.slice(0, -2);
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += at(a, [...lead, row, k]) * at(b, [...lead, k, column]);
    return sum;
  });
}

function dropAxis({ dims, data }: NdArray, axis: number): NdArray {
  return { dims: dims.toSpliced(axis, 1), data };
}

function unravel(offset: number, dims: readonly number[]): number[] {
  const index: number[] = [];
  let rest = offset;
  for (const dim of dims.toReversed()) {
    index.unshift(rest % dim);
    rest = Math.floor(rest / dim);
  }
  return index;
}

/** Gauss's error function by its Taylor series in double precision, exact to 1e-12 for |x| < 4. */
export function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 100; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}
