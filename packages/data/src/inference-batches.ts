import { AbortError } from '@zooid/common';

export interface InferenceBatchOptions {
  /** Most padded tokens of a batch; default 512: beyond it the activations leave the cache and throughput falls. */
  readonly maxTokens?: number;
  /** Batches under way at a time; default 16: enough for every worker, and room in the queue for other requests. */
  readonly inFlight?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Answers rows of different lengths through a model: rows of near lengths go together, so that little is padded, and
 * several batches are under way at a time.
 *
 * @param run answers one batch, one answer per row in the batch's order; `indices` are the places of its rows.
 * @returns one answer per row, in the order of `rows`.
 * @throws AbortError between batches when `signal` fires, and what `run` throws.
 */
export async function runInBatches<Row extends { readonly length: number }, Answer>(
  rows: readonly Row[],
  run: (batch: readonly Row[], indices: readonly number[]) => Promise<readonly Answer[]>,
  { maxTokens = 512, inFlight = 16, signal }: InferenceBatchOptions = {},
): Promise<Answer[]> {
  const answers = new Array<Answer>(rows.length);
  const batches = batchesByLength(rows, maxTokens).values();
  const work = async (): Promise<void> => {
    for (const indices of batches) {
      AbortError.throwIfAborted(signal);
      const answered = await run(
        indices.map((i) => rows[i]!),
        indices,
      );
      indices.forEach((i, row) => {
        answers[i] = answered[row]!;
      });
    }
  };
  // One shared iterator: each of these takes the next batch when its last one is answered.
  await Promise.all(Array.from({ length: inFlight }, work));
  return answers;
}

/** Row indices, longest first, in groups of at most `maxTokens` padded tokens; a longer row is a group of its own. */
function batchesByLength(rows: readonly { readonly length: number }[], maxTokens: number): number[][] {
  const order = rows.map((_, i) => i).sort((a, b) => rows[b]!.length - rows[a]!.length);
  const batches: number[][] = [];
  let capacity = 0;
  for (const i of order) {
    if (capacity === 0) {
      batches.push([]);
      capacity = Math.max(1, Math.floor(maxTokens / Math.max(1, rows[i]!.length)));
    }
    batches.at(-1)!.push(i);
    capacity--;
  }
  return batches;
}
