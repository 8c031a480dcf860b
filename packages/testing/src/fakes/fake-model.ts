import { AbortError } from '@zooid/common';
import { type Model, type ModelArtifacts, ModelUnloadedError, type RunContext } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';

/** Artifacts of a model that needs no files. */
export function fakeArtifacts(overrides: Partial<ModelArtifacts> = {}): ModelArtifacts {
  const id = overrides.id ?? 'fake/model';
  return { id, revision: 'r1', folder: `/fake/${id}`, config: {}, ...overrides };
}

/** What a fake model answers: the same tensors every time, or computed from the inputs. */
export type ScriptedOutputs = TensorMap | ((inputs: TensorMap) => TensorMap | Promise<TensorMap>);

export interface FakeModel extends Model {
  /** Inputs of every forward pass so far. */
  readonly calls: readonly TensorMap[];
  /** How often it was disposed of. */
  readonly disposals: number;
}

/** A model with scripted outputs that keeps the promises of the contract: abort, `outputs`, disposal. */
export function fakeModel(
  artifacts: ModelArtifacts = fakeArtifacts(),
  outputs: ScriptedOutputs = {},
  { memoryBytes, onDispose }: { readonly memoryBytes?: number; readonly onDispose?: () => void } = {},
): FakeModel {
  const calls: TensorMap[] = [];
  let disposals = 0;
  return {
    artifacts,
    calls,
    ...(memoryBytes !== undefined && { memoryBytes }),
    get disposals() {
      return disposals;
    },
    async forward(inputs: TensorMap, context: RunContext & { readonly outputs?: readonly string[] } = {}) {
      AbortError.throwIfAborted(context.signal);
      if (disposals > 0) throw new ModelUnloadedError(artifacts.id);
      calls.push(inputs);
      const all = typeof outputs === 'function' ? await outputs(inputs) : outputs;
      const names = context.outputs ?? Object.keys(all);
      return Object.fromEntries(names.map((name) => [name, all[name]!]));
    },
    async [Symbol.asyncDispose]() {
      disposals++;
      onDispose?.();
    },
  };
}
