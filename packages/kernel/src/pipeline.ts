import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PluginError, type RunContext, type TaskShapes } from '@zooid/spec';
import { createKernel, type KernelOptions } from './kernel.js';
import { packageEntry } from './plugins/plugin-reference.js';

/** Everything is optional: without `plugins`, those that the task needs are looked for among the installed packages. */
export type PipelineOptions = Partial<KernelOptions>;

/** A model ready to be called: one item in, one output out; a list in, a list out. */
export interface Pipeline<Item = string | object, Parameters = object, Output = unknown> extends AsyncDisposable {
  (inputs: readonly Item[], parameters?: Parameters, context?: RunContext): Promise<Output[]>;
  (input: Item, parameters?: Parameters, context?: RunContext): Promise<Output>;
}

/** The pipeline of one of the Hub's tasks. */
export type TaskPipeline<Task extends keyof TaskShapes> = Pipeline<
  TaskShapes[Task]['item'],
  TaskShapes[Task]['parameters'],
  TaskShapes[Task]['output']
>;

/**
 * The short way to a model inside another program: a kernel of its own with one endpoint.
 *
 * @param task One of the Hub's task ids, `'text-classification'`, or the name of another app, `'intent'`.
 * @param reference Model id, folder, or name on the Hub: `'org/name'`.
 * @throws PluginError when a plugin the task needs is not installed, ModelNotFoundError, ModelError when the model is not
 * for this task.
 */
export async function pipeline<Task extends keyof TaskShapes>(
  task: Task,
  reference: string,
  options?: PipelineOptions,
): Promise<TaskPipeline<Task>>;
export async function pipeline(task: string, reference: string, options?: PipelineOptions): Promise<Pipeline>;
export async function pipeline(task: string, reference: string, options: PipelineOptions = {}): Promise<Pipeline> {
  const plugins = options.plugins ?? pluginsFor(task, options.config?.root ?? '.');
  // A program that starts a pipeline is the host, and what it starts honours HF_HOME and HF_TOKEN as in Python.
  const kernel = await createKernel({ environment: process.env, ...options, plugins });
  try {
    await kernel.endpoints.open('pipeline', reference, { app: task });
  } catch (error) {
    await kernel[Symbol.asyncDispose]();
    throw error;
  }
  const call = async (inputs: unknown, parameters?: object, context?: RunContext) => {
    const { outputs } = await kernel.endpoints.run('pipeline', inputs, parameters, context);
    return Array.isArray(inputs) ? outputs : outputs[0];
  };
  return Object.assign(call, { [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() }) as Pipeline;
}

/**
 * The app, backends and stores, as module paths. What is optional is used where it is installed: a graph that is there is
 * served before one is built from weights, and folders are asked before the network.
 */
function pluginsFor(task: string, root: string): string[] {
  const needed = [`@zooid/app-${task}`, '@zooid/backend-onnx', '@zooid/store-local'];
  // Programs are started from anywhere, so packages that were installed beside this one count too.
  const roots = [resolve(root), fileURLToPath(new URL('.', import.meta.url))];
  const entryOf = (name: string) => roots.flatMap((folder) => packageEntry(name, folder) ?? [])[0];
  const missing = needed.filter((name) => entryOf(name) === undefined);
  if (missing.length > 0) {
    throw new PluginError(
      missing[0]!,
      `pipeline('${task}', …) needs ${missing.join(', ')}; run: npm install ${missing.join(' ')} (or pass plugins of your own)`,
    );
  }
  return [...needed, '@zooid/backend-transformers', '@zooid/store-hub'].flatMap((name) => entryOf(name) ?? []);
}
