import { type HostTensor, TensorError } from '@zooid/tensor';

export interface MergeLoraOptions {
  /** `alpha / rank`; `alpha / √rank` for rank-stabilised adapters. */
  readonly scale: number;
  /** The matrix is stored `[in, out]`; default false. */
  readonly fanInFanOut?: boolean;
}

/**
 * `W + scale · up · down`: the matrix that does what `W` and its low-rank update do together. Sums are in float64 and
 * rounded once.
 *
 * @param weight `[out, in]`, or `[in, out]` with `fanInFanOut`; not changed
 * @param down A, `[rank, in]`
 * @param up B, `[out, rank]`
 * @throws TensorError when the shapes do not fit.
 */
export function mergeLora(
  weight: HostTensor<'float32'>,
  down: HostTensor<'float32'>,
  up: HostTensor<'float32'>,
  { scale, fanInFanOut = false }: MergeLoraOptions,
): HostTensor<'float32'> {
  const [rank = 0, width = 0] = down.dims;
  const [out = 0] = up.dims;
  const expected = fanInFanOut ? [width, out] : [out, width];
  if (up.dims.join() !== [out, rank].join() || weight.dims.join() !== expected.join()) {
    throw new TensorError(
      `An update of [${up.dims.join(', ')}] by [${down.dims.join(', ')}] does not fit a matrix [${weight.dims.join(', ')}]`,
    );
  }
  const data = new Float32Array(weight.data.length);
  const row = new Float64Array(width);
  for (let o = 0; o < out; o++) {
    row.fill(0);
    for (let k = 0; k < rank; k++) {
      const factor = scale * up.data[o * rank + k]!;
      for (let i = 0; i < width; i++) row[i]! += factor * down.data[k * width + i]!;
    }
    for (let i = 0; i < width; i++) {
      const at = fanInFanOut ? i * out + o : o * width + i;
      data[at] = weight.data[at]! + row[i]!;
    }
  }
  return { dtype: 'float32', dims: weight.dims, data };
}
