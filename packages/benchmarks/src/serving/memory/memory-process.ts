import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createInferencePool } from '@zooid/runtime';
import { classifierFeeds } from './classifier-feeds.js';

export interface MemoryRequest {
  /** Path of an ONNX file. */
  readonly model: string;
  readonly workers: number;
  /** Of prepacked copies; absent: every worker has weights of its own. */
  readonly prepacked?: string;
}

export interface MemoryResult {
  /** Proportional set size: pages that several processes map count in part. */
  readonly pssBytes: number;
  /** SHA-256 of every output. */
  readonly outputs: string;
}

/** A pool that has run, as a process: `memory-process.js REQUEST` prints a {@link MemoryResult}. */
const { model, workers, prepacked } = JSON.parse(process.argv[2]!) as MemoryRequest;
const reasons: string[] = [];
await using pool = await createInferencePool({
  model,
  workers,
  ...(prepacked !== undefined && { sharedWeights: { mode: 'always', folder: prepacked } }),
  onEvent: (event) => void reasons.push(JSON.stringify(event)),
});
const hash = createHash('sha256');
for (const [rows, length] of [
  [1, 32],
  [1, 128],
  [8, 32],
] as const) {
  // Twice as many at a time as there are workers, so that each of them has run.
  for (let round = 0; round < 3; round++) {
    const feeds = Array.from({ length: 2 * workers }, () => classifierFeeds(pool.inputs, rows, length));
    const results = await Promise.all(feeds.map((feed) => pool.run(feed)));
    for (const output of Object.values(results[0]!)) hash.update(new Uint8Array(output.data.buffer.slice()));
  }
}
if (reasons.length > 0) throw new Error(reasons.join(', '));
if (pool.stats().workers.some(({ runs }) => runs === 0)) throw new Error('A worker has had nothing to do');
const pss = /^Pss:\s+(\d+) kB/m.exec(readFileSync('/proc/self/smaps_rollup', 'utf8'))![1];
const result: MemoryResult = { pssBytes: Number(pss) * 1024, outputs: hash.digest('hex') };
console.log(JSON.stringify(result));
