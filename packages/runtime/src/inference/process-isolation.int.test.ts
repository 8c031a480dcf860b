import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Graph, writeModel } from '@zooid/onnx';
import { type TensorMap, tensor } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loopModel } from '../__fixtures__/loop-model.js';
import { floats, wave } from '../__fixtures__/toy-programs.js';
import { createInferencePool } from './inference-pool.js';
import type { PoolEvent } from './pool-events.js';

let folder: string;
let loop: string;
let slow: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-isolation-'));
  loop = join(folder, 'loop.onnx');
  slow = join(folder, 'slow.onnx');
  await writeFile(loop, loopModel());
  const graph = new Graph();
  const x = graph.input('x', 'float32', [256, 256]);
  let y = x;
  for (let i = 0; i < 100; i++) y = y.matmul(x).tanh();
  graph.output(y.sum([0, 1], false), 'total');
  await writeFile(slow, writeModel(graph));
});
afterAll(() => rm(folder, { recursive: true }));

const rounds = (count: number): TensorMap => ({
  rounds: tensor('int64', [count], []),
  x: tensor('float32', [1.5], []),
});
const FOR_EVER = 1e15;

describe('models in processes', () => {
  it('give the same answers as in threads, whatever the size of their inputs', async () => {
    await using threads = await createInferencePool({ model: slow, workers: 1 });
    await using processes = await createInferencePool({ model: slow, workers: 1, isolation: 'process' });
    const x = floats([256, 256], wave(256 * 256));
    expect(await processes.run({ x })).toEqual(await threads.run({ x }));
    await expect(processes.run({})).rejects.toThrow(/'x' is missing/);
  });

  it('that never end are killed, and the pool goes on', async () => {
    const events: PoolEvent[] = [];
    const pool = await createInferencePool({
      model: loop,
      workers: 1,
      isolation: 'process',
      runTimeoutMs: 1500,
      onEvent: (event) => void events.push(event),
    });
    expect((await pool.run(rounds(3))).y!.data[0]).toBe(6);
    const endless = pool.run(rounds(FOR_EVER));
    const after = pool.run(rounds(1));
    await expect(endless).rejects.toMatchObject({ code: 'RUN_TIMEOUT' });
    expect((await after).y!.data[0]).toBe(3);
    await pool[Symbol.asyncDispose]();
    expect(pool.lost).toBe(0);
    expect(events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['worker-lost', 'worker-returned', 'worker-replaced']),
    );
  });

  it('lose no run when one of them is killed under load', async () => {
    await using pool = await createInferencePool({ model: slow, workers: 2, isolation: 'process' });
    const x = floats([256, 256], wave(256 * 256));
    const expected = await pool.run({ x });
    const runs = Array.from({ length: 12 }, () => pool.run({ x }));
    await runs[0];
    const [child] = await childProcesses();
    process.kill(child!, 'SIGKILL');
    expect(await Promise.all(runs)).toEqual(runs.map(() => expected));
    expect(pool.stats()).toMatchObject({ failed: 0, lost: 0 });
  });

  it('see no environment variables', async () => {
    await using pool = await createInferencePool({ model: loop, workers: 1, isolation: 'process' });
    await pool.run(rounds(1));
    const environments = await Promise.all((await childProcesses()).map((pid) => readFile(`/proc/${pid}/environ`)));
    // Node tells the child which descriptor to talk on, and how.
    for (const environment of environments) expect(environment.toString()).not.toMatch(/(^|\0)(?!NODE_CHANNEL_)\w+=/);
  });

  it('end with the process that started them, also in the middle of a run', async () => {
    const child = await script(`
      import { createInferencePool } from '${dist('index.js')}';
      const pool = await createInferencePool({ model: ${JSON.stringify(loop)}, workers: 1, isolation: 'process' });
      const bigint = (value) => ({ dtype: 'int64', dims: [], data: BigInt64Array.of(value) });
      void pool.run({ rounds: bigint(${FOR_EVER}n), x: { dtype: 'float32', dims: [], data: Float32Array.of(1) } });
      const { readFileSync } = await import('node:fs');
      setTimeout(() => {
        console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'));
        setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100);
      }, 300);
    `).catch((error: { stdout: string }) => Number(error.stdout));
    expect(child).toBeGreaterThan(0);
    await expect.poll(() => isRunning(child as number), { timeout: 10_000 }).toBe(false);
  });
});

describe('threads that never end', () => {
  it('are given up, and the process can still end', async () => {
    const error = await script(`
      import { createInferencePool } from '${dist('index.js')}';
      const events = [];
      const pool = await createInferencePool({
        model: ${JSON.stringify(loop)}, workers: 1, runTimeoutMs: 500, onEvent: ({ kind }) => events.push(kind),
      });
      const feeds = (rounds) => ({
        rounds: { dtype: 'int64', dims: [], data: BigInt64Array.of(rounds) },
        x: { dtype: 'float32', dims: [], data: Float32Array.of(1) },
      });
      const endless = pool.run(feeds(${FOR_EVER}n)).catch(({ code }) => code);
      const after = await pool.run(feeds(1n));
      console.log(await endless, after.y.data[0], pool.lost, events.join());
      await pool[Symbol.asyncDispose]();
      console.log('disposed');
    `).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      signal: 'SIGKILL',
      stdout: 'RUN_TIMEOUT 2 1 worker-lost,worker-replaced\ndisposed\n',
      stderr: expect.stringContaining('ends by SIGKILL instead of with code 0'),
    });
  });

  it('that only were slow come back, and then the process ends as usual', async () => {
    const output = await script(`
      import { createInferencePool } from '${dist('index.js')}';
      let returned;
      const back = new Promise((resolve) => (returned = resolve));
      const pool = await createInferencePool({
        model: ${JSON.stringify(loop)}, workers: 1, runTimeoutMs: 300,
        onEvent: ({ kind }) => kind === 'worker-returned' && returned(),
      });
      const rounds = { dtype: 'int64', dims: [], data: BigInt64Array.of(1_000_000n) };
      const x = { dtype: 'float32', dims: [], data: Float32Array.of(1) };
      const code = await pool.run({ rounds, x }).catch(({ code }) => code);
      const patience = setInterval(() => {}, 1000);
      await back;
      clearInterval(patience);
      console.log(code, pool.lost);
    `);
    expect(output).toBe('RUN_TIMEOUT 0');
  });
});

const dist = (file: string): string => new URL(`../../dist/${file}`, import.meta.url).href;

/** Runs a module in a process of its own; rejects when that does not end well. */
async function script(source: string): Promise<string> {
  const file = join(folder, `script-${(await readdir(folder)).length}.mjs`);
  await writeFile(file, source);
  const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: 20_000 });
  return stdout.trim();
}

/** Worker processes of this one. */
async function childProcesses(): Promise<number[]> {
  const children = await readFile(`/proc/self/task/${process.pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}

async function isRunning(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat !== undefined && !/\) Z/.test(stat);
}
