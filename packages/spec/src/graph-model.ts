import { AbortError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import { checkInputs, checkOutputs } from './check-tensors.js';
import { ModelUnloadedError } from './errors.js';
import type { Model, ModelArtifacts, ModelStats, TensorInfo } from './model.js';

/** What runs one graph: a pool of sessions. */
export interface GraphRunner extends AsyncDisposable {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  readonly concurrency?: number;
  readonly memoryBytes?: number;
  stats?(): ModelStats;
  run(inputs: TensorMap, options: NonNullable<Parameters<Model['forward']>[1]>): Promise<TensorMap>;
}

/**
 * The `Model` of a backend that runs graphs. Inputs and outputs are checked against the graph before anything reaches
 * the runner, so that a mistake is told in the model's own words; after disposal every call is refused.
 *
 * @param runner disposed with the model
 */
export function graphModel(artifacts: ModelArtifacts, runner: GraphRunner): Model {
  const { id } = artifacts;
  let disposed = false;
  return {
    artifacts,
    inputs: runner.inputs,
    outputs: runner.outputs,
    ...(runner.concurrency !== undefined && { concurrency: runner.concurrency }),
    ...(runner.memoryBytes !== undefined && { memoryBytes: runner.memoryBytes }),
    ...(runner.stats !== undefined && { stats: () => runner.stats!() }),
    async forward(inputs, context = {}) {
      AbortError.throwIfAborted(context.signal);
      if (disposed) throw new ModelUnloadedError(id);
      checkInputs(id, runner.inputs, inputs);
      checkOutputs(id, runner.outputs, context.outputs);
      return runner.run(inputs, context);
    },
    [Symbol.asyncDispose]() {
      disposed = true;
      return runner[Symbol.asyncDispose]();
    },
  };
}
