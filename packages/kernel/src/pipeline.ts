import type { RunContext } from '@zooid/spec';
import { createKernel, type KernelOptions } from './kernel.js';

export interface PipelineOptions extends KernelOptions {
  /** App name; default: the one the model names. */
  readonly app?: string;
}

/** A model ready to be called: one item in, one output out; a list in, a list out. */
export interface Pipeline extends AsyncDisposable {
  (inputs: readonly unknown[], parameters?: object, context?: RunContext): Promise<unknown[]>;
  (input: string | object, parameters?: object, context?: RunContext): Promise<unknown>;
}

/**
 * The short way to a model inside another program: a kernel of its own with one endpoint.
 *
 * @param reference Model id or folder.
 */
export async function pipeline(reference: string, options: PipelineOptions): Promise<Pipeline> {
  const kernel = await createKernel(options);
  try {
    const { app } = options;
    await kernel.endpoints.open('pipeline', reference, app === undefined ? {} : { app });
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
