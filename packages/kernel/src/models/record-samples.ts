import { readFile } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { type App, type Model, ModelError, type RunContext } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { Endpoint } from '../endpoints/endpoint.js';
import { defaultLimits } from '../endpoints/limits.js';
import type { Registry } from '../registry.js';

/** More say no more, and cost time. */
const MAX_ITEMS = 64;

/**
 * What a model's app feeds it for the items of its golden file, one by one. Empty when there is no such file, or no
 * app that is loaded knows the model.
 *
 * @throws ModelError when the file cannot be read; whatever the app throws for an item.
 */
export async function recordSamples(
  apps: Registry<App>,
  model: Model,
  context: RunContext = {},
): Promise<readonly TensorMap[]> {
  const { id, manifest } = model.artifacts;
  const app = manifest?.app;
  if (manifest?.golden === undefined || typeof app !== 'string' || !apps.has(app)) return [];
  const inputs = await readInputs(model);
  const samples: TensorMap[] = [];
  const recorder: Model = {
    artifacts: model.artifacts,
    ...(model.inputs !== undefined && { inputs: model.inputs }),
    ...(model.outputs !== undefined && { outputs: model.outputs }),
    async forward(feeds, options) {
      samples.push(feeds);
      return model.forward(feeds, options);
    },
    async [Symbol.asyncDispose]() {},
  };
  const endpoint = new Endpoint('export', apps.get(app), id, defaultLimits, context);
  await endpoint.start({ model: recorder, release() {} });
  try {
    for (const input of inputs) await endpoint.execute(endpoint.parse([input]), context);
  } finally {
    await endpoint.close();
  }
  return samples;
}

async function readInputs({ artifacts: { id, folder, manifest } }: Model): Promise<unknown[]> {
  const file = String(manifest?.golden);
  const refuse = (why: string, cause?: unknown) =>
    new ModelError(id, `model '${id}': its golden file '${file}' ${why}`, { cause });
  if (isAbsolute(file) || normalize(file).startsWith('..')) throw refuse('lies outside the folder');
  const cases: unknown = await readFile(join(folder, file), 'utf8')
    .then((text) => JSON.parse(text) as unknown)
    .catch((cause: Error) => {
      throw refuse(`cannot be read: ${cause.message}`, cause);
    });
  if (!Array.isArray(cases)) throw refuse('must hold an array of cases');
  return cases.slice(0, MAX_ITEMS).map((item: { readonly input?: unknown } | null) => item?.input);
}
