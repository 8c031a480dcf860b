import type { Graph, Value } from '@zooid/onnx';
import { elementCount, type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';

/** Sizes of symbolic axes, unless a position table is shorter. */
const [BATCH, LENGTH, OTHER] = [2, 24, 3];
const SAMPLES = 8;

/**
 * Random inputs that fit a graph: token ids within the table they look up, masks with some padding, zeros for other
 * integers, normal numbers for floats. The same for the same graph.
 *
 * @param maxLength longest sequence the model takes
 */
export function sampleInputs(graph: Graph, maxLength = Number.POSITIVE_INFINITY): TensorMap[] {
  const random = new Random(20260101);
  return Array.from({ length: SAMPLES }, (_, i) => {
    const length = Math.max(1, Math.min(LENGTH - 2 * i, maxLength));
    return Object.fromEntries(graph.inputs.map((input) => [input.name, sampleInput(graph, input, length, random)]));
  });
}

function sampleInput(graph: Graph, input: Value, length: number, random: Random): HostTensor {
  const dims = input.shape.map((dim, axis) => (typeof dim === 'number' ? dim : ([BATCH, length][axis] ?? OTHER)));
  const count = elementCount(dims);
  if (input.dtype === 'float32') {
    return tensor(
      'float32',
      Float32Array.from({ length: count }, () => random.normal()),
      dims,
    );
  }
  const values = Array.from({ length: count }, (_, i) => sampleInteger(graph, input, dims, i, random));
  return tensor(input.dtype, values, dims);
}

function sampleInteger(graph: Graph, input: Value, dims: readonly number[], index: number, random: Random): number {
  if (input.name.includes('mask') || input.dtype === 'bool') {
    const width = dims.at(-1) ?? 1;
    const row = Math.floor(index / width);
    // Every row begins with tokens; later rows end with padding.
    return index % width < Math.max(1, width - 4 * row) ? 1 : 0;
  }
  const rows = tableRows(graph, input);
  return rows === undefined ? 0 : random.int(rows);
}

/** How many rows the smallest table has that the input looks up. */
function tableRows(graph: Graph, input: Value): number | undefined {
  const rows = graph.nodes.flatMap(({ op, inputs }) => {
    const [table, indices] = inputs;
    if (op !== 'Gather' || indices !== input || table == null) return [];
    return typeof table.shape[0] === 'number' && table.shape[0] > 0 ? [table.shape[0]] : [];
  });
  return rows.length === 0 ? undefined : Math.min(...rows);
}
