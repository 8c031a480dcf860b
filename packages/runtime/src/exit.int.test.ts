import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Graph, writeModel } from '@zooid/onnx';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-exit-'));
  const graph = new Graph();
  graph.output(graph.input('x', 'float32', ['n']).mul(2), 'y');
  await writeFile(join(folder, 'double.onnx'), writeModel(graph));
});

afterAll(() => rm(folder, { recursive: true }));

const dist = (file: string): string => new URL(`../dist/${file}`, import.meta.url).href;

/** Runs a module in a process of its own. */
async function script(source: string): Promise<string> {
  const file = join(folder, 'script.mjs');
  await writeFile(file, source);
  const { stdout } = await run(process.execPath, [file], {
    timeout: 20_000,
    cwd: fileURLToPath(new URL('..', import.meta.url)),
  });
  return stdout.trim();
}

it('lets a process end that forgot to dispose of its pool and its training session', async () => {
  const output = await script(`
    import { createInferencePool, createTrainingSession } from '${dist('index.js')}';
    import { regressionBatch, regressionParameters, regressionProgram } from '${dist('__fixtures__/toy-programs.js')}';
    const pool = await createInferencePool({ model: '${join(folder, 'double.onnx')}', workers: 2 });
    const { y } = await pool.run({ x: { dtype: 'float32', dims: [1], data: Float32Array.of(21) } });
    const session = await createTrainingSession({
      parameters: regressionParameters(), programs: [regressionProgram()], optimizer: { kind: 'adamw' }, seed: 1,
    });
    await session.gradients('regression', regressionBatch(2), 1);
    console.log(y.data[0]);
  `);
  expect(output).toBe('42');
});

it('keeps a process alive that only waits for a result', async () => {
  const output = await script(`
    import { createInferencePool } from '${dist('index.js')}';
    const pool = await createInferencePool({ model: '${join(folder, 'double.onnx')}', workers: 1 });
    const x = { dtype: 'float32', dims: [1], data: Float32Array.of(1) };
    void Promise.all([pool.run({ x }), pool.run({ x })]).then((results) => console.log(results.length));
  `);
  expect(output).toBe('2');
});
