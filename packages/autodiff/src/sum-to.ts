import type { Value } from '@zooid/onnx';
import type { Shape } from '@zooid/tensor';

/** Undoes a broadcast: sums `dy` over the axes along which a tensor of shape `target` was repeated. */
export function sumTo(dy: Value, target: Shape): Value {
  const extra = dy.rank - target.length;
  const leading = Array.from({ length: extra }, (_, i) => i);
  const repeated = target.flatMap((dim, i) => (dim === 1 && dy.shape[i + extra] !== 1 ? [i + extra] : []));
  // One pass over the data: the kept size-1 axes are put back by a reshape, which moves nothing.
  if (leading.length + repeated.length === 0) return dy;
  if (leading.length === 0) return dy.sum(repeated, true);
  const summed = dy.sum([...leading, ...repeated], false);
  return repeated.length === 0 ? summed : summed.unsqueeze(repeated.map((axis) => axis - extra));
}
