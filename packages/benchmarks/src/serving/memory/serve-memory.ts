import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quantizeDynamic, readModel, writeModel } from '@zooid/onnx';
import { createInferencePool, type InferencePool } from '@zooid/runtime';
import type { Benchmark } from '../../benchmark.js';
import { median, rounded } from '../../statistics.js';
import { writeRandomClassifier } from '../load/random-classifier.js';
import { classifierFeeds } from './classifier-feeds.js';
import type { MemoryRequest, MemoryResult } from './memory-process.js';

const limitBytes = 60e6;
/** Of the time of the plain load. */
const minSpeed = 0.97;
const rounds = 31;
const runsARound = 4;

/**
 * What a second worker of a BERT-base of random weights adds to the process (proportional set size), with shared
 * weights and without. Sharing must change no output, to the bit, and not make runs slower.
 */
export const serveMemory: Benchmark = {
  name: 'serve-memory',
  description: `memory that a second worker of BERT-base adds, float32 and int8, over the ${limitBytes / 1e6} MB it may be`,
  target: 1,
  async run({ log }) {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-memory-'));
    try {
      const rows = [];
      let equal = true;
      for (const [form, model] of Object.entries(await writeModels(folder))) {
        const prepacked = join(folder, 'prepacked');
        const memory = async (workers: number, shared: boolean) => {
          const result = await inProcess({ model, workers, ...(shared && { prepacked }) });
          log(`${form}, ${workers} workers, ${shared ? 'shared' : 'own'} weights: ${megabytes(result.pssBytes)} MB`);
          return result;
        };
        // One process to make the copy, so that the others do not differ in that.
        await memory(1, true);
        const [own1, own2] = [await memory(1, false), await memory(2, false)];
        const [shared1, shared2] = [await memory(1, true), await memory(2, true)];
        const speed = await speedOfShared(model, prepacked);
        log(`${form}: processor time of a run with its own weights over shared: ${rounded(speed, 3)}`);
        equal &&= [own2, shared1, shared2].every(({ outputs }) => outputs === own1.outputs);
        rows.push({ form, own1, own2, shared1, shared2, speed });
      }
      const second = Math.max(...rows.map(({ shared1, shared2 }) => shared2.pssBytes - shared1.pssBytes));
      const ratio = rounded(second / limitBytes);
      return {
        ratio,
        ok: ratio <= serveMemory.target && equal && rows.every(({ speed }) => speed >= minSpeed),
        details: {
          table: rows.map(({ form, own1, own2, shared1, shared2, speed }) => ({
            form,
            'own, 1 worker MB': megabytes(own1.pssBytes),
            'own, second MB': megabytes(own2.pssBytes - own1.pssBytes),
            'shared, 1 worker MB': megabytes(shared1.pssBytes),
            'shared, second MB': megabytes(shared2.pssBytes - shared1.pssBytes),
            'time own / shared': rounded(speed, 3),
          })),
          equalOutputs: equal,
          minSpeed,
        },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function writeModels(folder: string): Promise<Readonly<Record<'float32' | 'int8', string>>> {
  await writeRandomClassifier(folder, 'base');
  const float32 = join(folder, 'onnx/model.onnx');
  const int8 = join(folder, 'onnx/model_quantized.onnx');
  await writeFile(int8, writeModel(quantizeDynamic(readModel(await readFile(float32)))));
  return { float32, int8 };
}

async function inProcess(request: MemoryRequest): Promise<MemoryResult> {
  const program = fileURLToPath(new URL('./memory-process.js', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [program, JSON.stringify(request)]);
  return JSON.parse(stdout) as MemoryResult;
}

/** Median of rounds that alternate, in processor time: other work on the machine takes wall time. */
async function speedOfShared(model: string, folder: string): Promise<number> {
  await using own = await createInferencePool({ model, workers: 1 });
  await using shared = await createInferencePool({ model, workers: 1, sharedWeights: { mode: 'always', folder } });
  const ratios: number[] = [];
  for (let round = 0; round < rounds; round++) {
    // Who goes first changes, as caches and clocks favour one of them.
    const order = round % 2 === 0 ? [own, shared] : [shared, own];
    const times = new Map<InferencePool, number>();
    for (const pool of order) times.set(pool, await processorTime(pool));
    ratios.push(times.get(own)! / times.get(shared)!);
  }
  return median(ratios);
}

async function processorTime(pool: InferencePool): Promise<number> {
  const feeds = classifierFeeds(pool.inputs, 1, 32);
  const before = process.cpuUsage();
  for (let i = 0; i < runsARound; i++) await pool.run(feeds);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
