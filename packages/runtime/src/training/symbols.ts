import { dimTerms } from '@zooid/onnx';
import type { Dim, HostTensor, Shape, TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import type { TrainingProgram } from '../training-program.js';

/** Sizes of the symbolic dimensions in one run. */
export type Bindings = ReadonlyMap<string, number>;

/**
 * Checks feeds against what a program declares and binds its symbolic dimensions.
 *
 * @throws SessionError naming the input that is missing, unknown, of another type or of another shape.
 */
export function bindInputs(program: TrainingProgram, feeds: TensorMap): Bindings {
  const bindings = new Map<string, number>();
  const fail = (message: string): never => {
    throw new SessionError(`Program '${program.name}': ${message}`, { program: program.name });
  };
  const scalars = new Set(program.scalars);
  for (const name of Object.keys(feeds)) {
    if (!scalars.has(name) && !program.inputs.some((input) => input.name === name)) {
      fail(`unknown input '${name}'; it takes ${program.inputs.map((input) => `'${input.name}'`).join(', ')}`);
    }
  }
  for (const { name, dtype, shape } of program.inputs) {
    const tensor = feeds[name];
    if (tensor === undefined) return fail(`input '${name}' is missing`);
    if (tensor.dtype !== dtype) fail(`expected input '${name}' to be ${dtype}, got ${tensor.dtype}`);
    if (!bindShape(shape, tensor, bindings)) {
      fail(`expected input '${name}' to have shape [${describe(shape, bindings)}], got [${tensor.dims}]`);
    }
  }
  return bindings;
}

function bindShape(shape: Shape, { dims, data }: HostTensor, bindings: Map<string, number>): boolean {
  if (dims.length !== shape.length || data.length !== product(dims)) return false;
  return shape.every((dim, axis) => {
    const size = dims[axis]!;
    if (typeof dim === 'number') return dim === size;
    const bound = bindings.get(dim);
    if (bound === undefined) bindings.set(dim, size);
    return bound === undefined || bound === size;
  });
}

function describe(shape: Shape, bindings: Bindings): string {
  return shape
    .map((dim) => (typeof dim === 'string' && bindings.has(dim) ? `${dim}=${bindings.get(dim)}` : dim))
    .join();
}

/**
 * `shape` with its symbols replaced; a dimension may be a sum of products of names, such as `batch*sequence`.
 *
 * @throws SessionError for a name that no input binds.
 */
export function resolveShape(shape: Shape, bindings: Bindings, what: string): number[] {
  const resolve = (dim: Dim): number => {
    const size = typeof dim === 'number' ? dim : bindings.get(dim);
    if (size !== undefined) return size;
    const terms = dimTerms(dim);
    if (terms.some(({ atoms }) => atoms.includes(String(dim)))) {
      throw new SessionError(`Dimension '${dim}' of ${what} is bound by no input`);
    }
    return terms.reduce((sum, { coefficient, atoms }) => sum + coefficient * product(atoms.map(resolve)), 0);
  };
  return shape.map(resolve);
}

export function product(dims: readonly number[]): number {
  return dims.reduce((total, dim) => total * dim, 1);
}
