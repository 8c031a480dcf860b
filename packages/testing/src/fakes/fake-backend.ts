import { type ModelArtifacts, type ModelBackend, ModelBackend as ModelBackendToken, type Plugin } from '@zooid/spec';
import { type FakeModel, fakeModel, type ScriptedOutputs } from './fake-model.js';
import { pluginOf } from './plugin-of.js';

export interface FakeBackendOptions {
  readonly name?: string;
  /** Default: everything. */
  readonly supports?: (artifacts: ModelArtifacts) => boolean;
  readonly outputs?: ScriptedOutputs;
  /** Awaited before a load succeeds; throw to make it fail. */
  readonly beforeLoad?: (artifacts: ModelArtifacts) => void | Promise<void>;
  /** What its models say they take; default: nothing is said. */
  readonly memoryBytes?: (artifacts: ModelArtifacts) => number;
  readonly misfit?: (artifacts: ModelArtifacts) => string | undefined;
  /** Called when one of its models has been disposed of. */
  readonly afterDispose?: (artifacts: ModelArtifacts) => void;
}

export interface FakeBackend extends ModelBackend {
  /** Every model it loaded, in order. */
  readonly models: readonly FakeModel[];
  /** Loads asked for, failed ones included. */
  readonly attempts: number;
  /** Publishes this backend. */
  readonly plugin: Plugin;
}

/** A backend whose models answer from a script. */
export function fakeBackend(options: FakeBackendOptions = {}): FakeBackend {
  const name = options.name ?? 'fake';
  const models: FakeModel[] = [];
  let attempts = 0;
  const backend = {
    name,
    models,
    get attempts() {
      return attempts;
    },
    supports: options.supports ?? (() => true),
    ...(options.misfit !== undefined && { misfit: options.misfit }),
    async load(artifacts: ModelArtifacts) {
      attempts++;
      await options.beforeLoad?.(artifacts);
      const { memoryBytes, afterDispose } = options;
      const model = fakeModel(artifacts, options.outputs, {
        ...(memoryBytes !== undefined && { memoryBytes: memoryBytes(artifacts) }),
        onDispose: () => afterDispose?.(artifacts),
      });
      models.push(model);
      return model;
    },
  };
  return Object.assign(backend, { plugin: pluginOf(`backend-${name}`, ModelBackendToken, backend) });
}
