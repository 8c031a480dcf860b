import { AbortError } from '@zooid/common';
import {
  type ModelArtifacts,
  type ModelStore,
  ModelStore as ModelStoreToken,
  type Plugin,
  type RunContext,
} from '@zooid/spec';
import { pluginOf } from './plugin-of.js';

export interface MemoryStore extends ModelStore {
  /** Adds a model, or publishes new content under its id. */
  put(artifacts: ModelArtifacts): void;
  remove(id: string): void;
  /** References that were looked for, in order. */
  readonly lookups: readonly string[];
  /** Publishes this store. */
  readonly plugin: Plugin;
}

/** A store that holds artifacts in memory, found by id or folder. */
export function memoryStore(models: readonly ModelArtifacts[] = [], name = 'memory'): MemoryStore {
  const byId = new Map(models.map((artifacts) => [artifacts.id, artifacts]));
  const lookups: string[] = [];
  const store = {
    name,
    lookups,
    put: (artifacts: ModelArtifacts) => void byId.set(artifacts.id, artifacts),
    remove: (id: string) => void byId.delete(id),
    async find(reference: string, context?: RunContext) {
      AbortError.throwIfAborted(context?.signal);
      lookups.push(reference);
      return byId.get(reference) ?? [...byId.values()].find(({ folder }) => folder === reference);
    },
    async *list() {
      for (const { id, manifest } of byId.values()) {
        const app = manifest?.app;
        yield { id, store: name, sizeBytes: 0, ...(typeof app === 'string' && { app }) };
      }
    },
  };
  return Object.assign(store, { plugin: pluginOf(`store-${name}`, ModelStoreToken, store) });
}
