import { type HostTensor, type TensorMap, zeros } from '@zooid/tensor';
import type { ValueInfo } from '../ort.js';

/** Size of dims without a number: small, but more than one token. */
const LENGTH = 8;
/** More elements than this are not worth a first run. */
const MAX_ELEMENTS = 1 << 20;
/** 1 as float16. */
const HALF_ONE = 0x3c00;

/**
 * Inputs that most models accept: one row of 8 tokens with id 0, all of them present. `undefined` when the model wants
 * inputs too large to make up.
 */
export function warmUpFeeds(inputs: readonly ValueInfo[]): TensorMap | undefined {
  const shapes = inputs.map(({ shape }) => {
    // The first axis of a batched model counts rows; the same name is the same size everywhere.
    const rows = shape[0] === '' ? undefined : shape[0];
    return shape.map((dim) => (typeof dim === 'number' ? dim : dim === rows ? 1 : LENGTH));
  });
  const sizes = shapes.map((dims) => dims.reduce((product, dim) => product * dim, 1));
  if (sizes.reduce((sum, size) => sum + size, 0) > MAX_ELEMENTS) return undefined;
  return Object.fromEntries(
    inputs.map(({ name, dtype }, i) => {
      const tensor = zeros(dtype, shapes[i]!);
      // A mask of zeros hides everything, which is the one thing that models may refuse.
      if (/mask/i.test(name)) fillWithOnes(tensor);
      return [name, tensor];
    }),
  );
}

function fillWithOnes({ dtype, data }: HostTensor): void {
  if (data instanceof BigInt64Array) data.fill(1n);
  else data.fill(dtype === 'float16' ? HALF_ONE : 1);
}
