import { describe, expect, it } from 'vitest';
import { expectClose, openEngine, request } from '../__fixtures__/engines.js';
import { embeddingParameters, embeddingProgram, ids, rows, width } from '../__fixtures__/toy-programs.js';
import type { StepRequest } from '../training-program.js';
import type { EngineOptions, TrainingEngine } from './training-engine.js';

describe('gradients by rows', () => {
  const table = [...embeddingParameters()[0]!.data];
  const batch = { ids: ids([2, 3], [4, 1, 4, 0, 4, 1]) };
  /** Each occurrence adds 2 c² row, c = 0.5. */
  const dense = table.map((x, i) => [1, 2, 0, 0, 3, 0, 0][Math.floor(i / width)]! * 0.5 * x);

  const openEmbedding = (options: Partial<EngineOptions> = {}): Promise<TrainingEngine> =>
    openEngine(embeddingParameters(), [embeddingProgram('rows'), embeddingProgram('tied', true)], options);
  const step = (program: string, number: number, feeds = batch): StepRequest =>
    request(number, { microBatches: [{ program, feeds, weight: 1 }], learningRates: { main: 0.1 } });

  it('with repeated indices equal the dense gradient', async () => {
    const { gradients } = await (await openEmbedding()).gradients('rows', batch, 1);
    expect(gradients.get('table')!.dims).toEqual([rows, width]);
    expectClose([...gradients.get('table')!.data], dense, 1e-6);
  });

  it('add to a dense part of the same parameter', async () => {
    const { gradients } = await (await openEmbedding()).gradients('tied', batch, 1);
    expectClose(
      [...gradients.get('table')!.data],
      dense.map((g, i) => g + 0.1 * table[i]!),
      1e-6,
    );
  });

  it('leave nothing behind for the next step, whatever kind it is', async () => {
    const engine = await openEmbedding();
    for (const program of ['rows', 'tied', 'rows', 'rows']) {
      await engine.gradients(program, { ids: ids([1, 2], [6, 2]) }, 1);
      const { gradients } = await engine.gradients('rows', batch, 1);
      expectClose([...gradients.get('table')!.data], dense, 1e-6);
    }
  });

  it('count in the norm as the dense gradient would', async () => {
    const engine = await openEmbedding();
    const { gradientNorm } = await engine.step(step('rows', 1));
    expect(gradientNorm).toBeCloseTo(Math.hypot(...dense), 6);
  });

  it('accumulate over micro-batches', async () => {
    const engine = await openEmbedding();
    const microBatches = [
      { program: 'rows', feeds: { ids: ids([1, 3], [4, 1, 4]) }, weight: 1 },
      { program: 'rows', feeds: { ids: ids([1, 3], [0, 4, 1]) }, weight: 1 },
      { program: 'tied', feeds: { ids: ids([1, 1], [5]) }, weight: 2 },
    ];
    await engine.step({ ...step('rows', 1), microBatches });
    const tied = table.map((x, i) => 0.1 * x + (Math.floor(i / width) === 5 ? 0.5 * x : 0));
    expectClose(
      [...engine.exportState(true).moments.get('table')!.m],
      dense.map((g, i) => 0.1 * (g / 4 + tied[i]! / 2)),
      1e-6,
    );
  });

  it('take negative indices as Gather does', async () => {
    const engine = await openEmbedding();
    const negative = await engine.gradients('rows', { ids: ids([1, 2], [-1, -7]) }, 1);
    const positive = await engine.gradients('rows', { ids: ids([1, 2], [6, 0]) }, 1);
    expect(negative.gradients.get('table')).toEqual(positive.gradients.get('table'));
  });

  it('refuse indices outside the table', async () => {
    await expect((await openEmbedding()).step(step('rows', 1, { ids: ids([1, 1], [rows]) }))).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      program: 'rows',
    });
  });
});
