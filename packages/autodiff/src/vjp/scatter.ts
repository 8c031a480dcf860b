import { runtimeShape, type Value } from '@zooid/onnx';

/** Zeros shaped like `x`. */
export function zerosLike(x: Value): Value {
  return x.graph.scalar(0, x.dtype).expandLike(x);
}

/**
 * Zeros shaped like `x` with `updates` added at `indices` along `axis`; repeated indices accumulate exactly.
 * `ScatterND(add)` would race between threads and lose updates; `ScatterElements(add)` does not.
 */
export function scatterInto(x: Value, indices: Value, updates: Value, axis: number): Value {
  return x.graph.emit('ScatterElements', [zerosLike(x), indices, updates], { axis, reduction: 'add' })[0]!;
}

/** The cotangent of `x` in `y = Gather(x, indices, axis)`, dense. */
export function scatterSlices(x: Value, indices: Value, dy: Value, axis: number): Value {
  const { graph } = x;
  const at = graph.contents(indices);
  const only = at?.length === 1 ? at[0] : undefined;
  if (typeof only === 'number' && only >= 0) {
    // One known slice: put zeros around it.
    const before = x.shape.map((_, i) => (i === axis ? only : 0));
    const rest = x.shape[axis]!;
    if (typeof rest === 'number') {
      const after = x.shape.map((_, i) => (i === axis ? rest - only - 1 : 0));
      const slice = indices.rank === 0 ? dy.unsqueeze([axis]) : dy.reshape(x.shape.with(axis, 1));
      return graph.emit('Pad', [slice, graph.constant([...before, ...after], 'int64')])[0]!;
    }
  }
  // [before, indices…, after] → [before, picked, after], then every element of a slice gets its slice's index.
  const rows = dy.reshape([...x.shape.slice(0, axis), -1, ...x.shape.slice(axis + 1)]);
  const column = indices.reshape(x.shape.map((_, i) => (i === axis ? -1 : 1)));
  const spread = graph.emit('Expand', [column, runtimeShape(graph, rows.shape, rows)])[0]!;
  return scatterInto(x, spread, rows, axis);
}
