import type { Value } from '@zooid/onnx';

/**
 * The rows of `x` at `indices`: `[rows, ...]` and `[...picked]` give `[...picked, ...]`. Repeated indices add up their
 * gradients exactly.
 */
export function gatherRows(x: Value, indices: Value): Value {
  return x.gather(indices, 0);
}

/**
 * `x` with the rows at `indices` replaced: prompts put in the place of their tokens. The gradient of a replaced row goes
 * to what replaced it.
 *
 * @param x `[rows, ...]`
 * @param indices int64 `[picked]`, each row at most once.
 * @param rows `[picked, ...]`
 */
export function scatterRows(x: Value, indices: Value, rows: Value): Value {
  return x.graph.emit('ScatterND', [x, indices.unsqueeze([1]), rows])[0]!;
}
