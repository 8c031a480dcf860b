import { type HostTensor, tensor } from '@zooid/tensor';
import { GraphError } from '../errors.js';
import { clamp, roundHalfEven } from './affine-quantization.js';

/** A matrix `[inner, columns]` read through strides, so that a stored `[columns, inner]` need not be copied first. */
export interface MatrixView {
  readonly data: Float32Array;
  readonly inner: number;
  readonly columns: number;
  /** Whether `data` is stored `[columns, inner]`. */
  readonly transposed: boolean;
}

export interface SymmetricOptions {
  /**
   * Seven bits instead of eight. Processors without VNNI add pairs of products in 16 bits, which eight-bit weights can
   * overflow; with seven they cannot, for half the resolution. Default false.
   */
  readonly reduceRange?: boolean;
}

/** A matrix as int8 `[inner, columns]` with one scale a column. */
export interface SymmetricMatrix {
  readonly values: HostTensor<'int8'>;
  /** float32 `[columns]` */
  readonly scales: HostTensor<'float32'>;
}

/**
 * Symmetric int8 with one scale per column: `scale = max|w| / 127`, values in −127…127, zero point 0. Zeros stay zero.
 * @throws GraphError when an element is not finite.
 */
export function quantizeColumns(matrix: MatrixView, { reduceRange = false }: SymmetricOptions = {}): SymmetricMatrix {
  const { data, inner, columns, transposed } = matrix;
  const limit = reduceRange ? 63 : 127;
  const [stepInner, stepColumn] = transposed ? [1, inner] : [columns, 1];
  const values = new Int8Array(inner * columns);
  const scales = new Float32Array(columns);
  for (let column = 0; column < columns; column++) {
    const start = column * stepColumn;
    const scale = symmetricScale(data, start, inner, stepInner, limit);
    scales[column] = scale;
    for (let i = 0; i < inner; i++) {
      values[i * columns + column] = clamp(roundHalfEven(data[start + i * stepInner]! / scale), -limit, limit);
    }
  }
  return { values: tensor('int8', values, [inner, columns]), scales: tensor('float32', scales) };
}

/** The rows of a table as int8 with one scale a row: values `[rows, width]`, scales `[rows, 1]`. */
export function quantizeRows(table: HostTensor<'float32'>): {
  readonly values: HostTensor<'int8'>;
  readonly scales: HostTensor<'float32'>;
} {
  const [rows, width] = table.dims as [number, number];
  const values = new Int8Array(rows * width);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const scale = symmetricScale(table.data, row * width, width, 1, 127);
    scales[row] = scale;
    for (let i = row * width; i < (row + 1) * width; i++) {
      values[i] = clamp(roundHalfEven(table.data[i]! / scale), -127, 127);
    }
  }
  return { values: tensor('int8', values, [rows, width]), scales: tensor('float32', scales, [rows, 1]) };
}

export interface BlockwiseOptions {
  readonly bits: 4 | 8;
  /** Weights that share a scale; a power of two from 16 to 256. */
  readonly blockSize: number;
}

/** A matrix in the layout of com.microsoft `MatMulNBits`: blocks along `inner`, columns first. */
export interface BlockwiseMatrix {
  /** `[columns, blocks, blockSize × bits / 8]`; of two 4-bit numbers the first is in the low half. */
  readonly values: HostTensor<'uint8'>;
  /** float32 `[columns × blocks]` */
  readonly scales: HostTensor<'float32'>;
}

/**
 * Symmetric blocks with the zero in the middle of the unsigned range (8 or 128). The scale carries the sign of the
 * largest element, so that this element falls on the end of the range that reaches one further, and is nearly exact.
 * Zeros stay zero; a last block that `inner` does not fill is padded with zeros.
 *
 * @throws GraphError when an element is not finite or the block size is not one the operator takes.
 */
export function quantizeBlockwise(matrix: MatrixView, { bits, blockSize }: BlockwiseOptions): BlockwiseMatrix {
  if (![16, 32, 64, 128, 256].includes(blockSize))
    throw new GraphError(`A block holds 16, 32, 64, 128 or 256 weights, got ${blockSize}`);
  const { data, inner, columns, transposed } = matrix;
  const [stepInner, stepColumn] = transposed ? [1, inner] : [columns, 1];
  const blocks = Math.ceil(inner / blockSize);
  const blob = (blockSize * bits) / 8;
  const middle = 2 ** (bits - 1);
  const values = new Uint8Array(columns * blocks * blob);
  const scales = new Float32Array(columns * blocks);
  for (let column = 0; column < columns; column++) {
    for (let block = 0; block < blocks; block++) {
      const index = column * blocks + block;
      const start = column * stepColumn + block * blockSize * stepInner;
      const length = Math.min(blockSize, inner - block * blockSize);
      const extreme = largest(data, start, length, stepInner);
      const scale = Math.fround(-extreme / middle) || 1;
      scales[index] = scale;
      for (let i = 0; i < blockSize; i++) {
        const real = i < length ? data[start + i * stepInner]! : 0;
        const quantized = clamp(roundHalfEven(real / scale) + middle, 0, 2 * middle - 1);
        if (bits === 8) values[index * blob + i] = quantized;
        else values[index * blob + (i >> 1)]! |= quantized << (4 * (i & 1));
      }
    }
  }
  return { values: tensor('uint8', values, [columns, blocks, blob]), scales: tensor('float32', scales) };
}

function symmetricScale(data: Float32Array, start: number, count: number, step: number, limit: number): number {
  // A row of zeros, or of numbers too small for a float32 scale, quantizes to zeros whatever the scale is.
  return Math.fround(Math.abs(largest(data, start, count, step)) / limit) || 1;
}

/** The element of the largest magnitude, with its sign. */
function largest(data: Float32Array, start: number, count: number, step: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    const value = data[start + i * step]!;
    if (!Number.isFinite(value)) throw new GraphError(`A weight is ${value}; only finite numbers can be quantized`);
    if (Math.abs(value) > Math.abs(found)) found = value;
  }
  return found;
}
