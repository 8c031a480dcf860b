import { allClose, TensorError, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { mergeLora } from './merge-lora.js';

/** torch 1.13.0a0, seed 1, rounded to 4 decimals: `W + 2.0 * (B @ A)`. */
const weight = tensor(
  'float32',
  [0.6614, 0.2669, 0.0617, 0.6213, -0.4519, -0.1661, -1.5228, 0.3817, -1.0276, -0.5631, -0.8923, -0.0583],
  [3, 4],
);
const down = tensor('float32', [-0.1955, -0.9656, 0.4224, 0.2673, -0.4212, -0.5107, -1.5727, -0.1232], [2, 4]);
const up = tensor('float32', [3.587, -1.8313, 1.5987, -1.277, 0.3255, -0.4791], [3, 2]);
const expected = tensor(
  'float32',
  [
    0.80157, -4.789824, 8.852168, 2.990143, -0.001247, -1.949182, 3.844458, 1.551018, -0.751277, -0.702353, 0.889644,
    0.233763,
  ],
  [3, 4],
);

const transposed = (matrix: typeof weight) => {
  const [rows = 0, columns = 0] = matrix.dims;
  const data = Float32Array.from(matrix.data, (_, i) => matrix.data[(i % rows) * columns + Math.floor(i / rows)]!);
  return tensor('float32', data, [columns, rows]);
};

describe('mergeLora', () => {
  it('adds the update as PyTorch does, and leaves the weight alone', () => {
    const before = weight.data.slice();
    expect(allClose(mergeLora(weight, down, up, { scale: 2 }), expected, { atol: 1e-6 })).toBe(true);
    expect(weight.data).toEqual(before);
  });

  it('adds it to a matrix that is stored the other way round', () => {
    const merged = mergeLora(transposed(weight), down, up, { scale: 2, fanInFanOut: true });
    expect(allClose(merged, transposed(expected), { atol: 1e-6 })).toBe(true);
  });

  it('changes nothing while B is zero, as before training', () => {
    const zero = tensor('float32', new Float32Array(6), [3, 2]);
    expect(mergeLora(weight, down, zero, { scale: 2 })).toEqual(weight);
  });

  it('refuses shapes that do not fit', () => {
    expect(() => mergeLora(transposed(weight), down, up, { scale: 1 })).toThrow(TensorError);
    expect(() => mergeLora(weight, down, tensor('float32', new Float32Array(3), [3, 1]), { scale: 1 })).toThrow(
      'An update of [3, 1] by [2, 4] does not fit a matrix [3, 4]',
    );
  });
});
