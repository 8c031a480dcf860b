import type { DType, Shape, TensorMap } from '@zooid/tensor';
import type { ServiceIdentifier } from 'inversify';

/** A model folder that a store has found and verified. */
export interface ModelArtifacts {
  /** How users name it: a modelzoo id, or the path they gave. */
  readonly id: string;
  /** Content revision: changes whenever any file does. */
  readonly revision: string;
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Parsed `config.json`. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Parsed `zooid.json`, when the folder has one. */
  readonly manifest?: Readonly<Record<string, unknown>>;
}

/** Options of one forward pass. */
export interface RunContext {
  readonly signal?: AbortSignal;
}

/** A named input or output of a graph. Symbolic dimensions go by name; `''` is one without a name. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

/** A loaded network. Its `forward` runs outside the caller's thread and may be called concurrently. */
export interface Model extends AsyncDisposable {
  readonly artifacts: ModelArtifacts;
  /** What the graph takes: an encoder may have no `token_type_ids`. Absent where the backend cannot tell. */
  readonly inputs?: readonly TensorInfo[];
  /** What the graph gives. Absent where the backend cannot tell. */
  readonly outputs?: readonly TensorInfo[];
  /** Runs the graph on named inputs; `outputs` limits what is fetched (default: everything). */
  forward(inputs: TensorMap, context?: RunContext & { readonly outputs?: readonly string[] }): Promise<TensorMap>;
}

/** Turns a model folder into something with `forward`. `supports` must be cheap and must not throw. */
export interface ModelBackend {
  readonly name: string;
  supports(artifacts: ModelArtifacts): boolean;
  load(artifacts: ModelArtifacts, context?: RunContext): Promise<Model>;
  /**
   * For `zooid doctor`: proves that models can run on this machine, and says on what ("onnxruntime 1.30.0, cpu").
   * Throws what stands in the way.
   */
  check?(): Promise<string>;
}
export const ModelBackend: ServiceIdentifier<ModelBackend> = Symbol.for('@zooid/spec/ModelBackend');

/** One line of `zooid models`. */
export interface ModelSummary {
  readonly id: string;
  readonly store: string;
  readonly app?: string;
  readonly description?: string;
  readonly license?: string;
  readonly sizeBytes: number;
}

/** Where models come from. */
export interface ModelStore {
  readonly name: string;
  /** The verified folder for `reference`, or `undefined` when this store does not know it (then the next is asked). */
  find(reference: string, context?: RunContext): Promise<ModelArtifacts | undefined>;
  list(): AsyncIterable<ModelSummary>;
}
export const ModelStore: ServiceIdentifier<ModelStore> = Symbol.for('@zooid/spec/ModelStore');

/**
 * The models that are loaded now, shared by every app. A model is loaded once however many ask for it, and is
 * unloaded only when the last call on it has finished. A failed load is forgotten, so that the next call tries again.
 */
export interface Models {
  /** Finds without loading. @throws ModelNotFoundError naming what was searched. */
  resolve(reference: string, context?: RunContext): Promise<ModelArtifacts>;
  /** Loads on first use. */
  get(reference: string, context?: RunContext): Promise<Model>;
  /** Loads the newest content beside the old and swaps; calls in flight finish on the old. */
  reload(reference: string): Promise<Model>;
  /** Waits for calls in flight, then releases. Unknown references are ignored. */
  unload(reference: string): Promise<void>;
  list(): AsyncIterable<ModelSummary>;
}
export const Models: ServiceIdentifier<Models> = Symbol.for('@zooid/spec/Models');
