import { withGradient } from '@zooid/autodiff';
import { runtimeShape, type Value } from '@zooid/onnx';

/** Rows 0, 1, 2 … of a position table, one per token: `[rows, width]` → `[sequence, width]`. */
export function firstPositions(table: Value, inputIds: Value): Value {
  const { graph } = table;
  // A slice, not a gather: its gradient is a pad, where a gather's would be a scatter.
  const end = runtimeShape(graph, [inputIds.shape[1]!]);
  return graph.emit('Slice', [table, graph.constant([0], 'int64'), end, graph.constant([0], 'int64')])[0]!;
}

/**
 * Rows of a position table as RoBERTa counts them: `pad + 1, pad + 2, …` over the tokens that are not padding, wherever
 * padding stands; row `pad` for padding.
 *
 * @param table `[rows, width]`
 * @param inputIds int64 `[batch, sequence]`
 * @param pad id of the padding token
 * @returns `[batch, sequence, width]`
 */
export function positionsAfterPadding(table: Value, inputIds: Value, pad: number): Value {
  const { graph } = table;
  const tokens = inputIds.equal(pad).not().cast('int64');
  const counted = graph.emit('CumSum', [tokens, graph.scalar(1, 'int64')])[0]!;
  const ids = counted.mul(tokens).add(pad);
  return withGradient(table.gather(ids), {
    inputs: [table],
    vjp: (dy) => [oneHotProduct(ids, dy, table)],
  });
}

/**
 * `dy` summed into the rows that `ids` name: a product with one-hot rows. The table is small, so this costs under a
 * hundredth of a layer, where a scatter by ids that only the graph knows would run on one thread.
 */
function oneHotProduct(ids: Value, dy: Value, table: Value): Value {
  const { graph } = table;
  const [rows, width] = table.shape as readonly [number, number];
  const depth = graph.constant([rows], 'int64');
  const oneHot = graph.emit('OneHot', [ids, depth, graph.constant([0, 1])], { axis: -1 })[0]!;
  return oneHot
    .reshape([-1, rows])
    .swapLastTwo()
    .matmul(dy.reshape([-1, width]));
}
