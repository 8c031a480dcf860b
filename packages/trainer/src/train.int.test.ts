import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { AbortError } from '@zooid/common';
import { allClose } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collateTiny, openTiny, tinyRows, tinyRun } from './tiny-run.fixture.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-train-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('a compiled program', () => {
  it('has the gradients of its loss, embedding rows included', async () => {
    await using session = (await openTiny(0)).session;
    const feeds = collateTiny(tinyRows(4));
    const { gradients } = await session.gradients('train', feeds, 1);
    const { parameters, updates } = await session.exportState({ moments: false });
    const lossAt = async (name: string, index: number, value: number) => {
      const moved = new Map(parameters);
      const { dims, data } = parameters.get(name)!;
      moved.set(name, { dtype: 'float32', dims, data: data.with(index, value) });
      await session.importState({ parameters: moved, moments: new Map(), updates });
      return Number((await session.evaluate('evaluate', feeds, ['loss'])).loss!.data[0]);
    };
    for (const [name, index] of [
      ['bert.embeddings.word_embeddings.weight', 3 * 16 + 5],
      ['bert.embeddings.position_embeddings.weight', 2 * 16 + 1],
      ['bert.encoder.layer.0.attention.self.key.weight', 7],
      ['bert.encoder.layer.0.intermediate.dense.bias', 4],
      ['score.weight', 9],
    ] as const) {
      const at = parameters.get(name)!.data[index]!;
      const h = 2e-2;
      const difference = ((await lossAt(name, index, at + h)) - (await lossAt(name, index, at - h))) / (2 * h);
      const gradient = gradients.get(name)!.data[index]!;
      expect(Math.abs(gradient - difference), name).toBeLessThan(2e-4 + 0.05 * Math.abs(difference));
    }
  });

  it('asks for row gradients exactly where a batch input gathers from a table', async () => {
    const { session, train } = await openTiny(0);
    await session[Symbol.asyncDispose]();
    const bySource = new Map(train.program.gradients.map((source) => [source.parameter, source]));
    const words = bySource.get('bert.embeddings.word_embeddings.weight')!;
    expect(words.dense).toBeUndefined();
    expect(words.rows!.map(({ indices }) => indices)).toEqual(['input_ids']);
    expect(bySource.get('score.weight')).toEqual({ parameter: 'score.weight', dense: 'grad:score.weight' });
  });
});

describe('training with the real engine', () => {
  it('overfits eight examples', async () => {
    await using session = (await openTiny(0)).session;
    const feeds = collateTiny(tinyRows(8));
    const losses: number[] = [];
    for (let step = 1; step <= 150; step++) {
      const { loss } = await session.step({
        step,
        microBatches: [{ program: 'train', feeds, weight: 1 }],
        learningRates: { default: 3e-3 },
        clipNorm: 1,
      });
      losses.push(loss);
    }
    expect(losses.at(-1)!).toBeLessThan(1e-3);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! / 20);
  });

  it('has the same gradient for accumulated micro-batches as for the whole batch', async () => {
    const rows = tinyRows(12);
    // After one step the first moment is (1 − β₁) times the gradient.
    const firstMoments = async (parts: readonly (readonly [number, number])[]) => {
      await using session = (await openTiny(0)).session;
      const microBatches = parts.map(([from, to]) => ({
        program: 'train',
        feeds: collateTiny(rows.slice(from, to)),
        weight: to - from,
      }));
      await session.step({ step: 1, microBatches, learningRates: { default: 1e-2 } });
      return (await session.exportState()).moments;
    };
    const whole = await firstMoments([[0, 12]]);
    const parts = await firstMoments([
      [0, 5],
      [5, 10],
      [10, 12],
    ]); // of unequal size: the weights must count
    for (const [name, { m }] of whole) {
      const asTensor = (data: Float32Array) => ({ dtype: 'float32' as const, dims: [data.length], data });
      expect(allClose(asTensor(parts.get(name)!.m), asTensor(m), { rtol: 1e-3, atol: 1e-7 }), name).toBe(true);
    }
  });
});

describe('exact resumption', () => {
  const final = (run: string) => readFileSync(join(run, 'final.safetensors'));

  it('after aborts in several places gives bit-identical final weights', async () => {
    const whole = join(directory, 'whole');
    const expected = await tinyRun({ directory: whole, resume: false });
    const run = join(directory, 'run');
    for (const delayMs of [60, 30, 45]) {
      await tinyRun({ directory: run, resume: true, signal: AbortSignal.timeout(delayMs) }).catch((error: unknown) => {
        expect(error).toBeInstanceOf(AbortError);
      });
    }
    const result = await tinyRun({ directory: run, resume: true });
    expect(final(run)).toEqual(final(whole));
    expect(result.best).toEqual(expected.best);
  });

  it('after kill -9 at any moment gives bit-identical final weights', async () => {
    const whole = join(directory, 'whole');
    await tinyRun({ directory: whole, resume: false });
    const run = join(directory, 'run');
    let kills = 0;
    for (const steps of [1, 8, 9, 14, 22]) {
      const child = startChild(run);
      if (await killedAfter(child, run, steps)) kills++;
    }
    expect(kills).toBeGreaterThanOrEqual(3);
    const last = startChild(run);
    expect(await new Promise((resolve) => last.once('exit', resolve))).toBe(0);
    expect(final(run)).toEqual(final(whole));
  }, 60_000);
});

/** The compiled fixture as a process of its own, continuing whatever `run` holds. */
function startChild(run: string): ChildProcess {
  const script = fileURLToPath(new URL('../dist/tiny-run.fixture.js', import.meta.url));
  return spawn(process.execPath, [script, run, 'resume'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Kills the process without warning once a checkpoint of `steps` or later is there; false when it ended before. */
async function killedAfter(child: ChildProcess, run: string, steps: number): Promise<boolean> {
  const folder = join(run, 'checkpoints');
  while (child.exitCode === null) {
    const names = existsSync(folder) ? readdirSync(folder) : [];
    if (names.some((name) => Number(/^step-(\d+)$/.exec(name)?.[1] ?? -1) >= steps)) break;
    await delay(1);
  }
  if (child.exitCode !== null) return false;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await exited;
  return child.signalCode === 'SIGKILL';
}
