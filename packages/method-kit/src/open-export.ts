import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInferencePool } from '@zooid/runtime';
import type { Model } from '@zooid/spec';

/** Opens a folder that was just written, as a backend would, without going through one. */
export async function openExport(folder: string, id: string, graphFile: string): Promise<Model> {
  const [config, manifest] = await Promise.all([
    readJson(join(folder, 'config.json')),
    readJson(join(folder, 'zooid.json')),
  ]);
  // An evaluation may take as long as it takes.
  const pool = await createInferencePool({ model: join(folder, graphFile), runTimeoutMs: 0 });
  return {
    artifacts: { id, revision: String(manifest.revision), folder, config, manifest },
    inputs: pool.inputs,
    outputs: pool.outputs,
    concurrency: pool.concurrency,
    forward: (inputs, context = {}) => pool.run(inputs, context),
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

async function readJson(file: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(file, 'utf8'));
}
