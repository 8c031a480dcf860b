import type { InferencePool } from '@zooid/runtime';
import type { TensorMap } from '@zooid/tensor';

/** Rows of ids that differ, with nothing padded, for whichever of a BERT's inputs the graph has. */
export function classifierFeeds(inputs: InferencePool['inputs'], rows: number, length: number): TensorMap {
  const make = (cell: (i: number) => number) => ({
    dtype: 'int64' as const,
    dims: [rows, length],
    data: BigInt64Array.from({ length: rows * length }, (_, i) => BigInt(cell(i))),
  });
  const all: TensorMap = {
    input_ids: make((i) => 5 + ((i * 7919) % 5000)),
    attention_mask: make(() => 1),
    token_type_ids: make(() => 0),
  };
  return Object.fromEntries(inputs.map(({ name }) => [name, all[name]!]));
}
