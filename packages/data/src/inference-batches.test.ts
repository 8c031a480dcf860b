import { describe, expect, it } from 'vitest';
import { runInBatches } from './inference-batches.js';

const rowsOf = (...lengths: number[]) => lengths.map((length, id) => ({ length, id }));

describe('runInBatches', () => {
  it('answers in the order of the rows, however they are grouped', async () => {
    const rows = rowsOf(3, 9, 1, 7, 2, 9, 4);
    const answers = await runInBatches(rows, async (batch) => batch.map(({ id }) => id * 10), { maxTokens: 10 });
    expect(answers).toEqual([0, 10, 20, 30, 40, 50, 60]);
  });

  it('pads no batch beyond the token budget, and gives a longer row a batch of its own', async () => {
    const batches: number[][] = [];
    await runInBatches(
      rowsOf(5, 40, 10, 9, 1),
      async (batch) => {
        batches.push(batch.map(({ length }) => length));
        return batch;
      },
      { maxTokens: 20 },
    );
    expect(batches).toEqual([[40], [10, 9], [5, 1]]);
  });

  it('tells the places of the rows of a batch', async () => {
    const rows = rowsOf(1, 3, 2);
    const answers = await runInBatches(rows, async (batch, indices) =>
      batch.map((row, i) => row === rows[indices[i]!]),
    );
    expect(answers).toEqual([true, true, true]);
  });

  it('has no more batches under way than asked for', async () => {
    let running = 0;
    let most = 0;
    await runInBatches(
      rowsOf(...Array<number>(20).fill(10)),
      async (batch) => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setImmediate(resolve));
        running--;
        return batch;
      },
      { maxTokens: 10, inFlight: 3 },
    );
    expect(most).toBe(3);
  });

  it('starts no further batch once the caller has given up', async () => {
    const controller = new AbortController();
    let batches = 0;
    const running = runInBatches(
      rowsOf(5, 5, 5),
      async (batch) => {
        batches++;
        controller.abort();
        return batch;
      },
      { maxTokens: 5, inFlight: 1, signal: controller.signal },
    );
    await expect(running).rejects.toMatchObject({ code: 'ABORTED' });
    expect(batches).toBe(1);
  });

  it('answers nothing with nothing', async () => {
    expect(await runInBatches([], async () => [])).toEqual([]);
  });
});
