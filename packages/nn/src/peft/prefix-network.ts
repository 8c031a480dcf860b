import { type HostTensor, TensorError } from '@zooid/tensor';
import { normal, uniform } from '../initialise.js';
import { linear } from '../linear.js';
import type { ModuleContext } from '../module-context.js';
import type { PrefixSource } from './prefix.js';

export interface PrefixNetworkOptions {
  /** Positions, P. */
  readonly length: number;
  /** Width of the encoder, H. */
  readonly hidden: number;
  /** Width between the two linear layers. */
  readonly inner: number;
  /** Rate of dropout on the table's rows; default 0. */
  readonly dropout?: number;
}

/**
 * The prefix as it is trained: a table `[P, H]` through `Linear(H, inner) → tanh → Linear(inner, 2H)`, the last layer one per
 * attention. Trained directly, prefixes are unstable. {@link foldPrefixNetwork} gives what to keep.
 *
 * @param context at the prefix: parameters `table`, `dense.…`, and `<index>.dense.…` below it
 * @see Li and Liang 2021, "Prefix-Tuning: Optimizing Continuous Prompts for Generation", §4.3
 */
export function prefixNetwork(context: ModuleContext, options: PrefixNetworkOptions): PrefixSource {
  const { length, hidden, inner, dropout = 0 } = options;
  const rows = context.dropout(context.parameter('table', [length, hidden], normal(1)), dropout);
  const shared = linear(context.child('dense'), rows, inner, { initializer: asInPyTorch(hidden) }).tanh();
  return {
    length,
    layer(index) {
      const last = context.child(`${index}.dense`);
      const both = linear(last, shared, 2 * hidden, { initializer: asInPyTorch(inner) });
      const [key, value] = both.split(1, [hidden, hidden]);
      return { key: key!, value: value! };
    },
  };
}

const asInPyTorch = (width: number) => uniform(1 / Math.sqrt(width));

type Weights = ReadonlyMap<string, HostTensor<'float32'>>;

/**
 * Computes the prefix of a trained network: `<path>.<index>.key` and `.value`, `[P, H]`, in place of the network's parameters.
 * Sums are in float64 and rounded once a layer.
 *
 * @param path of the network: `bert.prefix`
 * @returns all weights, with those of the network folded.
 * @throws TensorError when a part of the network is missing.
 */
export function foldPrefixNetwork(weights: Weights, path: string): Map<string, HostTensor<'float32'>> {
  const part = (name: string): HostTensor<'float32'> => {
    const tensor = weights.get(`${path}.${name}`);
    if (tensor === undefined) throw new TensorError(`The prefix network lacks '${path}.${name}'`);
    return tensor;
  };
  const folded = new Map([...weights].filter(([name]) => !name.startsWith(`${path}.`)));
  const inner = affine(part('table'), part('dense.weight'), part('dense.bias'));
  const shared = { ...inner, data: inner.data.map(Math.tanh) };
  for (let index = 0; weights.has(`${path}.${index}.dense.weight`); index++) {
    const both = affine(shared, part(`${index}.dense.weight`), part(`${index}.dense.bias`));
    folded.set(`${path}.${index}.key`, columns(both, 0));
    folded.set(`${path}.${index}.value`, columns(both, 1));
  }
  return folded;
}

/** `x Wᵀ + b` */
function affine(x: HostTensor<'float32'>, weight: HostTensor<'float32'>, bias: HostTensor<'float32'>) {
  const [rows = 0, width = 0] = x.dims;
  const [out = 0] = weight.dims;
  const data = new Float32Array(rows * out);
  for (let row = 0; row < rows; row++) {
    for (let o = 0; o < out; o++) {
      let sum = bias.data[o]!;
      for (let i = 0; i < width; i++) sum += x.data[row * width + i]! * weight.data[o * width + i]!;
      data[row * out + o] = sum;
    }
  }
  return { dtype: 'float32', dims: [rows, out], data } as const;
}

/** The left or the right half of every row. */
function columns({ dims, data }: HostTensor<'float32'>, half: 0 | 1): HostTensor<'float32'> {
  const [rows = 0, both = 0] = dims;
  const width = both / 2;
  const kept = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const start = row * both + half * width;
    kept.set(data.subarray(start, start + width), row * width);
  }
  return { dtype: 'float32', dims: [rows, width], data: kept };
}
