import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RunTimeoutError } from '../../errors.js';
import { WorkerClient } from '../../workers/worker-client.js';
import { workerUrl } from '../../workers/worker-url.js';
import type { PrepareReply, PrepareRequest } from './prepare-worker.js';
import type { SharedModel } from './shared-model.js';

/** Which models have their weights laid out once for all workers, and processes. */
export interface SharedWeightsOptions {
  /** `auto`: models of at least 32 MB. Default: `auto`. */
  readonly mode?: 'auto' | 'always' | 'never';
  /** Where the copies are kept. */
  readonly folder: string;
  /** What they may take together; those used longest ago go first. Default: 10 GB. */
  readonly maxBytes?: number;
  /** Longest time, in milliseconds, for making or checking a copy; 0: no limit. Default: 0. */
  readonly timeoutMs?: number;
}

const AUTO_BYTES = 32e6;
const DEFAULT_MAX_BYTES = 10e9;

/**
 * The prepacked copy of a model, made if there is none. That takes as much memory as loading the model twice, for a few
 * seconds, in a process of its own: a thread would not give it back.
 *
 * @param model absolute path
 * @returns `undefined` when the model is to be loaded as it is
 * @throws Error when there is no copy and none can be made: no space, no permission, a model that cannot be loaded.
 */
export async function shareWeights(model: string, options: SharedWeightsOptions): Promise<SharedModel | undefined> {
  const { mode = 'auto', folder, maxBytes = DEFAULT_MAX_BYTES, timeoutMs = 0 } = options;
  const minBytes = mode === 'auto' ? AUTO_BYTES : 0;
  if (mode === 'never' || (await bytesAtMost(model)) < minBytes) return undefined;
  const client = new WorkerClient(
    workerUrl(import.meta.url, 'inference/shared-weights/prepare-worker.js'),
    'weight sharing',
    'process',
  );
  const giveUp = () => client.abandon(new RunTimeoutError(`Prepacking ${model}`, timeoutMs));
  const timer = timeoutMs === 0 ? undefined : setTimeout(giveUp, timeoutMs);
  try {
    const request: PrepareRequest = { model, folder, minBytes, maxBytes };
    return await client.call<PrepareReply>('prepare', request);
  } finally {
    clearTimeout(timer);
    await client.dispose();
  }
}

/**
 * More than the bytes of a model's files, without reading it: everything in its folder but the other graphs. Spares
 * small models a process.
 */
async function bytesAtMost(model: string): Promise<number> {
  const folder = dirname(model);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries
    .filter((entry) => !entry.isDirectory() && !entry.name.endsWith('.onnx'))
    .map(({ parentPath, name }) => join(parentPath, name));
  const sizes = await Promise.all(
    [model, ...files].map((path) =>
      stat(path).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((a, b) => a + b, 0);
}
