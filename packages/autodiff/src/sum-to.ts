import type { Value } from '@zooid/onnx';
import type { Dim, Shape } from '@zooid/tensor';

/**
 * Undoes a broadcast: sums `dy` over the axes along which `target` was repeated. Given a value, axes of which it is not
 * known now whether they were repeated (in graphs from elsewhere) are looked at while the graph runs.
 */
export function sumTo(dy: Value, target: Shape | Value): Value {
  const shape = 'shape' in target ? target.shape : target;
  const extra = dy.rank - shape.length;
  const summed = sumAxes(dy, shape, extra);
  return 'shape' in target && shape.some((dim, i) => mayRepeat(dim, dy.shape[i + extra]!))
    ? sumRepeated(summed, target)
    : summed;
}

function sumAxes(dy: Value, shape: Shape, extra: number): Value {
  const leading = Array.from({ length: extra }, (_, i) => i);
  const repeated = shape.flatMap((dim, i) => (dim === 1 && dy.shape[i + extra] !== 1 ? [i + extra] : []));
  // One pass over the data: the kept size-1 axes are put back by a reshape, which moves nothing.
  if (leading.length + repeated.length === 0) return dy;
  if (leading.length === 0) return dy.sum(repeated, true);
  const summed = dy.sum([...leading, ...repeated], false);
  return repeated.length === 0 ? summed : summed.unsqueeze(repeated.map((axis) => axis - extra));
}

/** Whether a named dim may turn out to be 1 where the result is longer. */
function mayRepeat(dim: Dim, result: Dim): boolean {
  return typeof dim === 'string' && dim !== result;
}

/** Sums over the axes that have size 1 in `target` at run time; where they were not repeated, that changes nothing. */
function sumRepeated(dy: Value, target: Value): Value {
  const { graph } = dy;
  const single = target.runtimeShape().equal(1);
  const axes = graph.emit('NonZero', [single])[0]!.reshape([-1]);
  const summed = graph.emit('ReduceSum', [dy, axes], { keepdims: 1, noop_with_empty_axes: 1 })[0]!;
  // Says the shape again. Not by Reshape: onnxruntime 1.30 fails to fuse one of a computed shape with one that follows.
  return summed.expandLike(target);
}
