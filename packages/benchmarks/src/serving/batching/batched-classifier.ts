import { Batcher, type BatchObservation, type BatchSettings } from '@zooid/batcher';
import type { Model } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { idsOf } from '../load/random-classifier.js';

export interface ClosedLoopResult {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly rowsPerPass: number;
  /** Share of the tokens that only padded. */
  readonly paddedShare: number;
}

/** So many clients, each of which sends its next text when its last one is answered, for so many seconds. */
export async function closedLoop(
  model: Model,
  texts: readonly string[],
  {
    clients,
    seconds,
    settings,
  }: { readonly clients: number; readonly seconds: number; readonly settings: BatchSettings },
): Promise<ClosedLoopResult> {
  const rows = texts.map(idsOf);
  const batches: BatchObservation[] = [];
  const batcher = new Batcher<readonly number[], Float32Array>({
    ...settings,
    run: (batch, { signal }) => classify(model, batch, signal),
    lengthOf: (ids) => ids.length,
    concurrency: model.concurrency,
    observe: (batch) => batches.push(batch),
  });
  const times: number[] = [];
  let next = 0;
  const started = performance.now();
  const until = started + 1000 * seconds;
  const client = async (): Promise<void> => {
    for (let now = performance.now(); now < until; ) {
      await batcher.submit([rows[next++ % rows.length]!]);
      const end = performance.now();
      times.push(end - now);
      now = end;
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const elapsedMs = performance.now() - started;
  const sum = (of: (batch: BatchObservation) => number) => batches.reduce((total, batch) => total + of(batch), 0);
  return {
    perSecond: (1000 * times.length) / elapsedMs,
    p50Ms: times.toSorted((a, b) => a - b)[times.length >> 1]!,
    rowsPerPass: times.length / batches.length,
    paddedShare: 1 - sum(({ tokens }) => tokens) / sum(({ paddedTokens }) => paddedTokens),
  };
}

/** Logits `[labels]` of each row. */
async function classify(
  model: Model,
  rows: readonly (readonly number[])[],
  signal: AbortSignal,
): Promise<Float32Array[]> {
  const sequence = Math.max(...rows.map(({ length }) => length));
  const dims = [rows.length, sequence];
  const [ids, mask] = [new BigInt64Array(rows.length * sequence), new BigInt64Array(rows.length * sequence)];
  for (const [row, tokens] of rows.entries()) {
    for (let i = 0; i < tokens.length; i++) ids[row * sequence + i] = BigInt(tokens[i]!);
    mask.fill(1n, row * sequence, row * sequence + tokens.length);
  }
  const all: TensorMap = {
    input_ids: { dtype: 'int64', dims, data: ids },
    attention_mask: { dtype: 'int64', dims, data: mask },
    token_type_ids: { dtype: 'int64', dims, data: new BigInt64Array(ids.length) },
  };
  const wanted = model.inputs?.map(({ name }) => name) ?? Object.keys(all);
  const { logits } = await model.forward(Object.fromEntries(wanted.map((name) => [name, all[name]!])), { signal });
  const width = logits!.dims[1]!;
  return rows.map((_, row) => (logits!.data as Float32Array).slice(row * width, (row + 1) * width));
}
