import type { Graph, Value } from '@zooid/onnx';
import { type HostTensor, Random, type Shape, tensor } from '@zooid/tensor';
import type { NdArray } from './reference.js';

/** One line of the operator table test: an operator on concrete inputs, with what must come out. */
export interface OpCase {
  /** What is special about the case. */
  readonly title: string;
  readonly inputs: Readonly<Record<string, HostTensor>>;
  /** Symbolic shapes of inputs; default: their dims. */
  readonly shapes?: Readonly<Record<string, Shape>>;
  readonly build: (values: Readonly<Record<string, Value>>, graph: Graph) => Value | readonly Value[];
  readonly expected: (inputs: Readonly<Record<string, NdArray>>) => NdArray | readonly NdArray[];
  /** Inputs to check gradients of; default: every float32 input of a differentiable operator. */
  readonly differentiate?: readonly string[];
  /** Indices of the outputs that carry gradients; default: the float32 ones. */
  readonly tolerance?: number;
}

/** Normal numbers at least 0.05 away from 0, so that no central difference straddles a kink there. */
export function normals(dims: readonly number[], seed = 1): HostTensor<'float32'> {
  const random = new Random(seed);
  return fill(dims, () => {
    const x = random.normal();
    return x < 0 ? x - 0.05 : x + 0.05;
  });
}

/** Numbers in [0.5, 2). */
export function positives(dims: readonly number[], seed = 2): HostTensor<'float32'> {
  const random = new Random(seed);
  return fill(dims, () => 0.5 + 1.5 * random.uniform());
}

/** Distinct numbers at least 0.2 apart, in random order: no ties, and none within a central difference. */
export function distinct(dims: readonly number[], seed = 3): HostTensor<'float32'> {
  const count = dims.reduce((a, b) => a * b, 1);
  const order = new Random(seed).shuffle(Array.from({ length: count }, (_, i) => i));
  return fill(dims, (i) => (order[i]! - count / 2) * 0.2 + 0.1);
}

export function integers(values: readonly number[], dims?: readonly number[]): HostTensor<'int64'> {
  return tensor('int64', values, dims);
}

export function booleans(values: readonly number[], dims?: readonly number[]): HostTensor<'bool'> {
  return tensor('bool', values, dims);
}

function fill(dims: readonly number[], next: (i: number) => number): HostTensor<'float32'> {
  return tensor(
    'float32',
    Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => next(i)),
    dims,
  );
}
