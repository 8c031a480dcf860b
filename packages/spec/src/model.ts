import type { DType, Shape, TensorMap } from '@zooid/tensor';
import type { ServiceIdentifier } from 'inversify';
import type { ModelCache, PulledModel, PullOptions, PushedModel, PushOptions } from './model-transfer.js';
import type { FoundVariants, VariantReport, VariantRequest } from './model-variants.js';

/** A model folder that a store has found and verified. */
export interface ModelArtifacts {
  /** How users name it: a modelzoo id, or the path they gave. */
  readonly id: string;
  /** Content revision: changes whenever any file does. */
  readonly revision: string;
  /** Absolute path of the folder. */
  readonly folder: string;
  /**
   * The folder belongs to a store that others share, such as the Hub's cache: nothing may be written into it. Whoever
   * adds files to a model does so in a copy. Default: false.
   */
  readonly readOnly?: boolean;
  /**
   * Weights files that the manifest does not vouch for, relative to the folder: nothing should load them, see
   * `refuseUnlisted`. Default: none.
   */
  readonly unlisted?: readonly string[];
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
  /** Forward passes that run at the same time; more than these wait. Default: 1. */
  readonly concurrency?: number;
  /** About how much memory it keeps while it is loaded, for budgets. Absent where the backend cannot tell. */
  readonly memoryBytes?: number;
  /** What its workers do. Absent where the backend cannot tell. */
  stats?(): ModelStats;
  /**
   * Another network, in the subfolder of that name of this one's folder, such as a small student beside its teacher. It is
   * loaded when it is first asked for, and lives as long as this one, which disposes of it. `undefined` where the folder has
   * none. Absent where a model was loaded by itself, as to compare its forms.
   */
  companion?(name: string): Promise<Model | undefined>;
  /** Runs the graph on named inputs; `outputs` limits what is fetched (default: everything). */
  forward(inputs: TensorMap, context?: RunContext & { readonly outputs?: readonly string[] }): Promise<TensorMap>;
}

/** What the workers of a model do now, and what has happened since it was loaded; for metrics. Counters only grow. */
export interface ModelStats {
  readonly workers: readonly {
    readonly state: 'idle' | 'busy' | 'retiring';
    /** Passes that it has answered; `failures` of them with an error. */
    readonly runs: number;
    readonly failures: number;
    /** Milliseconds in which it had something to do. */
    readonly busyMs: number;
  }[];
  /** Passes that wait for a worker. */
  readonly waiting: number;
  /** Workers that do not answer and cannot be ended either. */
  readonly lost: number;
  readonly completed: number;
  readonly failed: number;
  readonly timedOut: number;
  /** Passes that were begun again because their worker died. */
  readonly retried: number;
  /** Workers that took the place of one that was gone, and of one that had done its number of passes. */
  readonly replaced: number;
  readonly recycled: number;
}

/** How a model is to be loaded. */
export interface LoadContext extends RunContext {
  /** One of the backend's `variants`, and no other; default: the one that the backend is configured to prefer. */
  readonly variant?: string;
  /** False: every operator runs as the graph has it, which is slow and what other forms are measured against. Default: true. */
  readonly optimize?: boolean;
  /** Passes that run at the same time; default: as the backend is configured. */
  readonly workers?: number;
  /** Threads within one pass; default: as the backend is configured. */
  readonly threads?: number;
}

/** Turns a model folder into something with `forward`. `supports` must be cheap and must not throw. */
export interface ModelBackend {
  readonly name: string;
  supports(artifacts: ModelArtifacts): boolean;
  /** Why `supports` says no, and what can be done: which files are missing. Must be cheap and must not throw. */
  misfit?(artifacts: ModelArtifacts): string | undefined;
  load(artifacts: ModelArtifacts, context?: LoadContext): Promise<Model>;
  /**
   * For `zooid doctor`: proves that models can run on this machine, and says on what ("onnxruntime 1.30.0, cpu").
   * Throws what stands in the way.
   */
  check?(): Promise<string>;
  /**
   * For backends that build a network from `config.json` and weights: writes its inference graph as
   * `onnx/model.onnx` (float32, standard operators where there are any, weights inside or beside it) below
   * `artifacts.folder`, for others to serve and to optimise. Called when the folder has no such file.
   */
  exportGraph?(artifacts: ModelArtifacts, context?: RunContext): Promise<void>;
  /** Forms of a graph that this backend can write and load, the plain one first: `fp32`, `fused`, `int8`. */
  readonly variants?: readonly string[];
  /** Which of its `variants` a folder has. Cheap, and does not throw. */
  findVariants?(artifacts: ModelArtifacts): FoundVariants;
  /**
   * Writes forms of a folder's source graph beside it, each compared with it first. A form that loses more than is
   * tolerated is not written, but reported. Asked for the source itself, reports it as it is. Where there is a
   * `zooid.json`, its digests are renewed, and what each form loses is recorded there and in the card.
   *
   * @throws ModelError when there is no source or it cannot be rewritten; UnknownNameError for other variants.
   */
  exportVariants?(artifacts: ModelArtifacts, request: VariantRequest): Promise<readonly VariantReport[]>;
  /**
   * Compares forms that the folder has with its source, as `exportVariants` does with those it makes; writes nothing.
   *
   * @throws ModelError when there is no source or no such form; UnknownNameError for other variants.
   */
  compareVariants?(artifacts: ModelArtifacts, request: VariantRequest): Promise<readonly VariantReport[]>;
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
  /**
   * Whether finding a model may mean to fetch it: such stores are asked after all others, whatever the order of the
   * plugins. Default: false.
   */
  readonly remote?: boolean;
  /** The verified folder for `reference`, or `undefined` when this store does not know it (then the next is asked). */
  find(reference: string, context?: RunContext): Promise<ModelArtifacts | undefined>;
  list(): AsyncIterable<ModelSummary>;
  /** For `zooid pull`: fetches a model. `undefined` when `reference` is not of the form this store fetches by. */
  pull?(reference: string, options?: PullOptions): Promise<PulledModel | undefined>;
  /**
   * For `zooid push`: publishes a model folder under `reference`. `undefined` when that is not of the form this store
   * publishes under. Throws when the folder's files are not exactly those its manifest vouches for.
   */
  push?(folder: string, reference: string, options?: PushOptions): Promise<PushedModel | undefined>;
  /** For `zooid cache`: what this store has fetched. */
  readonly cache?: ModelCache;
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
