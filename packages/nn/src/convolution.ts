import { GraphError, type Value } from '@zooid/onnx';
import { normal, zeros } from './initialise.js';
import { widthOf } from './linear.js';
import type { ModuleContext } from './module-context.js';

/**
 * Convolution along the sequence, with zeros beyond both of its ends, under the names and in the layout of PyTorch's
 * `nn.Conv1d`: `weight` `[out, in, kernel]`, `bias` `[out]`. Neighbouring states are laid beside each other for one matrix
 * product, which is faster than the operator on states that have their channels last, and has a derivative.
 *
 * @param x `[batch, sequence, in]`; `in` must be known.
 * @param kernel how many states one sees, odd: as many to its left as to its right.
 * @returns `[batch, sequence, out]`
 * @throws GraphError for an even kernel.
 */
export function convolution(context: ModuleContext, x: Value, out: number, kernel: number): Value {
  if (!Number.isInteger(kernel) || kernel < 1 || kernel % 2 === 0) {
    throw new GraphError(`convolution needs an odd kernel, got ${kernel}`);
  }
  const width = widthOf(x, 'convolution');
  // He et al. 2015: what a rectifier passes on keeps its variance.
  const weight = context.parameter('weight', [out, width, kernel], normal(Math.sqrt(2 / (kernel * width))));
  const product = neighbours(x, kernel).matmul(weight.transpose([2, 1, 0]).reshape([kernel * width, out]));
  return product.add(context.parameter('bias', [out], zeros));
}

/** Every state with those around it, in the order of the sequence: `[batch, sequence, kernel · in]`. */
function neighbours(x: Value, kernel: number): Value {
  if (kernel === 1) return x;
  const { graph } = x;
  const reach = (kernel - 1) / 2;
  const [padded] = graph.emit('Pad', [x, graph.constant([0, reach, 0, 0, reach, 0], 'int64')]);
  const shifted = Array.from({ length: kernel }, (_, first) => {
    const last = first - (kernel - 1);
    return padded!.slice(1, first, last === 0 ? Number.POSITIVE_INFINITY : last);
  });
  const [first, ...rest] = shifted;
  return first!.concat(rest, 2).reshape([x.shape[0]!, x.shape[1]!, kernel * widthOf(x, 'convolution')]);
}
