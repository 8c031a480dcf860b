import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { EncoderConfig } from '@zooid/nn';
import type { TorchPeer } from '../peer.js';

const execute = promisify(execFile);
const ourSide = fileURLToPath(new URL('./our-steps.js', import.meta.url));

/** Training steps to time: forward, backward and AdamW without clipping, dropout off, parameters random. */
export interface StepsRequest {
  readonly config: EncoderConfig;
  readonly labels: number;
  /** One step each: the lengths of its rows, which are padded to the longest. */
  readonly batches: readonly (readonly number[])[];
  readonly threads: number;
  /** Ours only: different tokens that occur, since rows of tokens that do not are left alone. Default: the vocabulary. */
  readonly distinctTokens?: number;
  /** Ours only. */
  readonly recompute?: 'none' | 'layers';
}

export interface StepsResult {
  /** Of each step, from the batch in host memory to updated parameters. */
  readonly milliseconds: readonly number[];
  /** Mean loss of each batch, before its update. Ours only. */
  readonly losses?: readonly number[];
  readonly peakRssMiB: number;
}

/** Runs the steps in a process of its own, so that time and memory are not another run's. */
export type Side = (request: StepsRequest) => Promise<StepsResult>;

export const ours: Side = (request) =>
  withFile(request, async (file) => {
    const { stdout } = await execute(process.execPath, [ourSide, file], { maxBuffer: 2 ** 28 });
    return JSON.parse(stdout) as StepsResult;
  });

export function theirs(peer: TorchPeer): Side {
  return (request) => withFile(request, async (file) => (await peer.call('steps', file)) as StepsResult);
}

async function withFile<T>(request: StepsRequest, use: (file: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'zooid-bench-'));
  try {
    const file = join(folder, 'steps.json');
    await writeFile(file, JSON.stringify(request));
    return await use(file);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
