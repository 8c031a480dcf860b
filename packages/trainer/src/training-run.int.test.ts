import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbortError, type TrainEvent } from '@zooid/common';
import { Random } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { datasetSource } from './dataset-source.js';
import { DivergenceError, ResumeMismatchError } from './errors.js';
import { collateLinear, type LinearRow, LinearSession, linearRows } from './linear-session.fixture.js';
import type { ProgramSource } from './program-source.js';
import { train } from './train.js';
import type { TrainOptions } from './train-options.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-train-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const rows = linearRows(50);

function source(
  options: { readonly accumulate?: number; readonly noise?: number; readonly rows?: readonly LinearRow[] } = {},
): ProgramSource {
  return datasetSource({
    task: { collate: (features, { random }) => collateLinear(features as LinearRow[], options.noise ?? 0.1, random) },
    features: options.rows ?? rows,
    program: 'train',
    batchSize: 4,
    accumulate: options.accumulate ?? 2,
    length: { epochs: 4 },
    random: new Random(7),
    learningRates: (step, total) => ({ default: 0.05 * (1 - step / (total + 1)) }),
  });
}

function options(session: LinearSession, changes: Partial<TrainOptions> = {}): TrainOptions {
  return {
    session,
    source: source(),
    directory: join(directory, 'run'),
    config: { recipe: { train: { learningRate: 0.05 } } },
    seed: 7,
    resume: false,
    evaluation: {
      split: 'validation',
      every: 'epoch',
      async run() {
        const { loss } = await session.evaluate('evaluate', collateLinear(rows, 0, new Random(1)));
        return { loss: Number(loss!.data[0]) };
      },
    },
    select: { metric: 'loss', mode: 'min' },
    checkpoints: { everySteps: 3 },
    ...changes,
  };
}

/** Runs until the signal fires after `step` steps, as Ctrl-C would. */
async function trainUntil(step: number, changes: Partial<TrainOptions> = {}): Promise<void> {
  const controller = new AbortController();
  const session = new LinearSession();
  const plan = (changes.source ?? source()) as ProgramSource;
  let planned = 0;
  const counting: ProgramSource = {
    ...plan,
    plan: (n) => {
      planned = n;
      if (planned > step) controller.abort(); // the plan of step + 1 is made while `step` runs
      return plan.plan(n);
    },
  };
  await expect(train(options(session, { ...changes, source: counting, signal: controller.signal }))).rejects.toThrow(
    AbortError,
  );
}

describe('a training run', () => {
  it('fits the data and reports steps, evaluations and checkpoints', async () => {
    const session = new LinearSession();
    const events: TrainEvent[] = [];
    const result = await train(options(session, { onEvent: (event) => events.push(event) }));

    expect(result.stopped).toBe('steps');
    expect(result.steps).toBe(28); // 50 rows in batches of 4, two a step: 7 steps an epoch
    const losses = events.flatMap((event) => (event.type === 'evaluation' ? event.metrics.loss! : []));
    expect(losses).toEqual([...losses].sort((a, b) => b - a));
    expect(result.best!.metrics.loss).toBeLessThan(losses[0]! / 1.5);
    expect(new Set(events.map(({ type }) => type))).toEqual(new Set(['step', 'evaluation', 'checkpoint']));
    expect(events.filter(({ type }) => type === 'evaluation').map(({ step }) => step)).toEqual([7, 14, 21, 28]);
  });

  it('leaves a record, a log and a report that needs no network', async () => {
    await train(options(new LinearSession(), { title: 'a <b> run' }));

    const record = JSON.parse(readFileSync(join(directory, 'run/record.json'), 'utf8'));
    expect(record).toMatchObject({ status: 'finished', step: 28, totalSteps: 28, seed: 7 });
    const lines = readFileSync(join(directory, 'run/events.jsonl'), 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line).type)).toContain('evaluation');
    const report = readFileSync(join(directory, 'run/report.html'), 'utf8');
    expect(report).toContain('a &#60;b&#62; run');
    expect(report).not.toMatch(/(src|href)=["']?https?:/);
    expect(report).toContain('uPlot');
  });

  it('keeps the newest two checkpoints while it runs and one when it has finished', async () => {
    const checkpoints = () => readdirSync(join(directory, 'run/checkpoints')).sort();
    await trainUntil(7);
    expect(checkpoints()).toEqual(['step-6', 'step-7']);
    await train(options(new LinearSession(), { resume: true }));
    expect(checkpoints()).toEqual(['step-28']);
  });

  it('ends with the best weights, not the last', async () => {
    const session = new LinearSession();
    const seen: { readonly step: number; readonly w: Float32Array }[] = [];
    const scores = [3, 1, 2, 2]; // by epoch; the second is best
    await train(
      options(session, {
        evaluation: {
          split: 'validation',
          every: 'epoch',
          async run(step) {
            seen.push({ step, w: session.w.slice() });
            return { loss: scores[seen.length - 1]! };
          },
        },
      }),
    );
    expect(session.w).toEqual(seen[1]!.w);
    expect(session.w).not.toEqual(seen[3]!.w);
  });

  it('keeps the last weights when nothing is selected', async () => {
    const session = new LinearSession();
    const { select: _, evaluation: __, ...rest } = options(session);
    const result = await train(rest);
    expect(result.best).toBeUndefined();
    expect(session.requests).toHaveLength(28);
  });

  it('stops when the metric has not improved for `patience` evaluations', async () => {
    let evaluations = 0;
    const result = await train(
      options(new LinearSession(), {
        select: { metric: 'loss', mode: 'min', patience: 2 },
        evaluation: {
          split: 'validation',
          every: 2,
          run: async () => ({ loss: [5, 4, 4.5, 4.2][evaluations++] ?? 9 }),
        },
      }),
    );
    expect(result).toMatchObject({ stopped: 'patience', steps: 8, best: { step: 4, metrics: { loss: 4 } } });
  });

  it('gives the same weights for accumulated micro-batches as for one big batch', async () => {
    // Batches of equal rows, so that the same rows meet in both runs whatever their order.
    const weights = async (accumulate: number, batchSize: number) => {
      const session = new LinearSession();
      const plain = datasetSource({
        task: { collate: (features, { random }) => collateLinear(features as LinearRow[], 0, random) },
        features: Array.from({ length: 16 }, () => rows[0]!),
        program: 'train',
        batchSize,
        accumulate,
        length: { epochs: 3 },
        random: new Random(7),
        learningRates: () => ({ default: 0.01 }),
      });
      const { select: _, evaluation: __, ...rest } = options(session, { source: plain });
      await train({ ...rest, directory: join(directory, `${accumulate}`) });
      expect(session.requests[0]!.microBatches).toHaveLength(accumulate);
      return session.w;
    };
    const [accumulated, big] = [await weights(4, 4), await weights(1, 16)];
    // Input noise differs per micro-batch; without it the gradients are the same mean.
    for (let i = 0; i < 3; i++) expect(accumulated[i]!).toBeCloseTo(big[i]!, 3);
  });
});

describe('resuming', () => {
  const uninterrupted = async () => {
    const session = new LinearSession();
    const result = await train({ ...options(session), directory: join(directory, 'whole') });
    const log = readFileSync(join(directory, 'whole/events.jsonl'), 'utf8');
    return { session, result, log };
  };
  /** Events without what depends on the clock. */
  const reproducible = (log: string) =>
    log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type !== 'checkpoint')
      .map(({ tokensPerSecond: _, ...event }) => event);

  it.each([1, 5, 7, 13, 14, 27])(
    'after an abort at step %i gives bit-identical weights and the same events',
    async (step) => {
      const whole = await uninterrupted();
      await trainUntil(step);
      const session = new LinearSession();
      const result = await train(options(session, { resume: true }));

      expect(session.requests[0]!.step).toBe(step + 1);
      expect(session.w).toEqual(whole.session.w);
      expect(result.best).toEqual(whole.result.best);
      expect(reproducible(readFileSync(join(directory, 'run/events.jsonl'), 'utf8'))).toEqual(reproducible(whole.log));
    },
  );

  it('continues from the checkpoint before when the newest is damaged', async () => {
    const whole = await uninterrupted();
    await trainUntil(10); // checkpoints at 9 (every third step) and 10 (the abort)
    rmSync(join(directory, 'run/checkpoints/step-10/moments.safetensors'));
    const session = new LinearSession();
    await train(options(session, { resume: true }));
    expect(session.requests[0]!.step).toBe(10);
    expect(session.w).toEqual(whole.session.w);
  });

  it('starts at the beginning when nothing was saved', async () => {
    const session = new LinearSession();
    await train(options(session, { resume: true }));
    expect(session.requests).toHaveLength(28);
  });

  it('returns the result of a finished run without a step', async () => {
    const first = new LinearSession();
    const result = await train(options(first));
    const second = new LinearSession();
    const again = await train(options(second, { resume: true }));
    expect(second.requests).toHaveLength(0);
    expect(second.w).toEqual(first.w);
    expect(again).toMatchObject({ steps: result.steps, best: result.best, stopped: result.stopped });
  });

  it('is refused when the configuration changed, naming the keys', async () => {
    await trainUntil(5);
    const changed = options(new LinearSession(), {
      resume: true,
      config: { recipe: { train: { learningRate: 0.1, epochs: 9 } } },
    });
    const error = await train(changed).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ResumeMismatchError);
    expect((error as ResumeMismatchError).differences).toEqual([
      { key: 'recipe.train.epochs', checkpoint: undefined, now: '9' },
      { key: 'recipe.train.learningRate', checkpoint: '0.05', now: '0.1' },
    ]);
  });

  it('restores what the source saved, and asks it for plans in order', async () => {
    const observing = () => {
      let notes: readonly number[] = [];
      const plain = source();
      const planned: number[] = [];
      const wrapped: ProgramSource = {
        ...plain,
        plan: (step) => {
          planned.push(step);
          return plain.plan(step);
        },
        observe: (step) => {
          notes = [...notes, step];
        },
        save: () => ({
          values: { count: notes.length },
          tensors: new Map([['notes', { dtype: 'float32', dims: [notes.length], data: Float32Array.from(notes) }]]),
        }),
        restore: (state) => {
          notes = Array.from(state.tensors!.get('notes')!.data, Number);
          expect(state.values).toEqual({ count: notes.length });
        },
      };
      return { wrapped, planned, notes: () => notes };
    };
    await trainUntil(5, { source: observing().wrapped }).catch(() => {});
    const resumed = observing();
    await train(options(new LinearSession(), { resume: true, source: resumed.wrapped }));
    expect(resumed.notes()).toEqual(Array.from({ length: 28 }, (_, i) => i + 1));
    expect(resumed.planned[0]).toBe(resumed.planned.at(-1)! - resumed.planned.length + 1);
  });

  it('sets an earlier, unfinished run aside when it is not to be continued', async () => {
    await trainUntil(5);
    await train(options(new LinearSession()));
    expect(existsSync(join(directory, 'run/previous/checkpoints/step-5/state.json'))).toBe(true);
  });
});

describe('divergence', () => {
  const poisoned = (from: number, to = from): ProgramSource => {
    const plain = source();
    return {
      ...plain,
      async plan(step) {
        const plan = await plain.plan(step);
        if (step < from || step > to) return plan;
        const nan = { dtype: 'float32' as const, dims: [1], data: Float32Array.of(Number.NaN) };
        const feeds = { x: { dtype: 'float32' as const, dims: [1, 3], data: Float32Array.of(1, 1, 1) }, y: nan };
        return { ...plan, microBatches: [{ program: 'train', feeds, weight: 1, tokens: 1 }] };
      },
    };
  };

  it('stops the run with the step, the last losses and the last good checkpoint', async () => {
    const error = (await train(options(new LinearSession(), { source: poisoned(5) })).catch(
      (e: unknown) => e,
    )) as DivergenceError;
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error.step).toBe(5);
    expect(error.losses).toHaveLength(5);
    expect(error.losses.slice(0, 4).every(Number.isFinite)).toBe(true);
    expect(error.losses[4]).toBeNaN();
    expect(error.checkpoint).toBe(join(directory, 'run/checkpoints/step-3'));
    expect(existsSync(join(error.checkpoint!, 'parameters.safetensors'))).toBe(true);
    expect(JSON.parse(readFileSync(join(directory, 'run/record.json'), 'utf8')).status).toBe('diverged');
  });

  it('has a checkpoint to name even at the first step', async () => {
    const error = (await train(options(new LinearSession(), { source: poisoned(1) })).catch(
      (e: unknown) => e,
    )) as DivergenceError;
    expect(error.checkpoint).toBe(join(directory, 'run/checkpoints/step-0'));
  });

  it('is forgiven for as many steps in a row as allowed', async () => {
    const result = await train(options(new LinearSession(), { source: poisoned(5, 6), skipTolerance: 2 }));
    expect(result.steps).toBe(28);
    await expect(train(options(new LinearSession(), { source: poisoned(5, 7), skipTolerance: 2 }))).rejects.toThrow(
      DivergenceError,
    );
  });
});

describe('aborting', () => {
  it('finishes the step, saves a checkpoint and throws', async () => {
    await trainUntil(4);
    expect(existsSync(join(directory, 'run/checkpoints/step-4/state.json'))).toBe(true);
    expect(JSON.parse(readFileSync(join(directory, 'run/record.json'), 'utf8')).status).toBe('aborted');
  });

  it('during an evaluation repeats that evaluation after the resume', async () => {
    const session = new LinearSession();
    const interrupted = options(session, {
      evaluation: {
        split: 'validation',
        every: 'epoch',
        run: async () => {
          throw new AbortError();
        },
      },
    });
    await expect(train(interrupted)).rejects.toThrow(AbortError);
    const events: TrainEvent[] = [];
    await train(options(new LinearSession(), { resume: true, onEvent: (event) => events.push(event) }));
    expect(events.filter(({ type }) => type === 'evaluation').map(({ step }) => step)).toEqual([7, 14, 21, 28]);
  });
});
