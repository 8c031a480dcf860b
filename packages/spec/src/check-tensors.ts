import { elementCount, formatShape, isAnonymousDim, type Shape, type TensorMap } from '@zooid/tensor';
import { ModelError } from './errors.js';
import type { TensorInfo } from './model.js';
import { didYouMean } from './nearest.js';

/**
 * Checks names, element types and shapes before anything is sent to a worker, so that a mistake is told in the
 * model's own words. A symbolic dimension must have one size in all inputs that name it.
 *
 * @throws ModelError
 */
export function checkInputs(model: string, signature: readonly TensorInfo[], inputs: TensorMap): void {
  const refusal = (message: string) => new ModelError(model, `model '${model}': ${message}`);
  const expected = signature.map(({ name }) => name);
  for (const name of Object.keys(inputs)) {
    if (!expected.includes(name)) {
      throw refusal(`there is no input '${name}'${didYouMean(name, expected)} (inputs: ${expected.join(', ')})`);
    }
  }
  const sizes = new Map<string, { readonly size: number; readonly input: string }>();
  for (const { name, dtype, shape } of signature) {
    const tensor = inputs[name];
    if (tensor === undefined) throw refusal(`input '${name}' is missing (inputs: ${expected.join(', ')})`);
    if (tensor.dtype !== dtype) throw refusal(`input '${name}' must be ${dtype}, got ${tensor.dtype}`);
    if (!fits(tensor.dims, shape)) {
      throw refusal(`input '${name}' must have shape ${formatShape(shape)}, got ${formatShape(tensor.dims)}`);
    }
    if (elementCount(tensor.dims) !== tensor.data.length) {
      throw refusal(`input '${name}' has shape ${formatShape(tensor.dims)} but ${tensor.data.length} elements`);
    }
    for (const [axis, dim] of shape.entries()) {
      if (typeof dim !== 'string' || dim === '' || isAnonymousDim(dim)) continue;
      const size = tensor.dims[axis]!;
      const known = sizes.get(dim);
      if (known !== undefined && known.size !== size) {
        throw refusal(`'${dim}' is ${known.size} in input '${known.input}' but ${size} in '${name}'`);
      }
      sizes.set(dim, { size, input: name });
    }
  }
}

/** @throws ModelError naming the output that does not exist. */
export function checkOutputs(
  model: string,
  signature: readonly TensorInfo[],
  requested: readonly string[] | undefined,
): void {
  const known = signature.map(({ name }) => name);
  for (const name of requested ?? []) {
    if (!known.includes(name)) {
      throw new ModelError(
        model,
        `model '${model}': there is no output '${name}'${didYouMean(name, known)} (outputs: ${known.join(', ')})`,
      );
    }
  }
}

function fits(dims: readonly number[], shape: Shape): boolean {
  return dims.length === shape.length && shape.every((dim, axis) => typeof dim === 'string' || dim === dims[axis]);
}
