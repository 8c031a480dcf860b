import { type Capability, defineCapability, type Logger, type Metrics, type TrainEvent } from '@zooid/common';
import type { ServiceIdentifier } from 'inversify';
import type { App } from './app.js';
import type { DtoClass } from './dto.js';
import type { ModelArtifacts } from './model.js';

/** A source format. */
export interface DatasetFormat {
  readonly name: string;
  /** File name endings it reads, compressed forms included: `.jsonl`, `.jsonl.gz`. */
  readonly extensions: readonly string[];
  /**
   * Records in file order with their 1-based line. A line that cannot be parsed is yielded as an issue, so that
   * the caller decides whether to stop (`train`) or to set it aside (`predict`).
   */
  read(file: string, context?: { readonly signal?: AbortSignal }): AsyncIterable<DataLine>;
}
export const DatasetFormat: ServiceIdentifier<DatasetFormat> = Symbol.for('@zooid/spec/DatasetFormat');

/** One line of a data file: a record, or what is wrong with it. */
export type DataLine =
  | { readonly line: number; readonly record: unknown }
  | { readonly line: number; readonly raw: string; readonly issue: string };

/** A split of a job's data, readable any number of times. */
export interface DataSplit {
  readonly name: string;
  /** Absolute paths, for messages. */
  readonly files: readonly string[];
  /** sha256 of the file contents, for the manifest. */
  readonly digest: string;
  /** Parsed records. @throws ValidationError naming file and line on the first bad one. */
  records(signal?: AbortSignal): AsyncIterable<{ readonly record: unknown; readonly origin: string }>;
}

/**
 * What an app offers so that its section of a recipe (`options:`) is checked before anything starts. The kernel
 * validates with this class and passes the section on as it was written.
 */
export const RecipeOptions: Capability<DtoClass> = defineCapability('@zooid/spec/RecipeOptions');

/** A resolved recipe: what `zooid train` hands to a method. */
export interface TrainingJob {
  readonly app: App;
  /** The app's section of the recipe, not yet validated; the app owns its DTO. */
  readonly appOptions: Readonly<Record<string, unknown>>;
  /** The method's options, validated by its DTO. */
  readonly options: object;
  /** Starts from these weights; absent for training from scratch. */
  readonly base?: ModelArtifacts;
  readonly data: {
    readonly train: DataSplit;
    readonly validation?: DataSplit;
    readonly test?: DataSplit;
    /** Further named files of the recipe, such as outside word lists, as absolute paths. */
    readonly resources: Readonly<Record<string, string>>;
  };
  readonly seed: number;
  /** The recipe with every default filled in; goes into the manifest. */
  readonly recipe: Readonly<Record<string, unknown>>;
  /** The model folder to create; also holds `run/` (checkpoints, events, report). */
  readonly output: string;
  readonly resume: boolean;
}

/** Something worth showing while a job runs; `type` discriminates. Serialises to one JSON line. */
export type ProgressEvent =
  | { readonly type: 'stage'; readonly name: string; readonly detail?: string }
  | TrainEvent
  | { readonly type: 'done'; readonly output: string; readonly metrics: Metrics; readonly seconds: number };

export interface TrainingContext {
  readonly signal?: AbortSignal;
  readonly logger: Logger;
  readonly progress: (event: ProgressEvent) => void;
}

export interface TrainingResult {
  readonly output: string;
  readonly metrics: Metrics;
}

/** A way of training any app that offers the capability it needs: fine-tune, distill, theseus, sparse, … */
export interface Method<Options extends object = object> {
  readonly name: string;
  readonly description: string;
  /** Validates the recipe's `train` section. */
  readonly options: DtoClass<Options>;
  /** Names the capability `app` lacks, or `undefined` when the two fit. */
  misfit(app: App): string | undefined;
  run(job: TrainingJob, context: TrainingContext): Promise<TrainingResult>;
}
export const Method: ServiceIdentifier<Method> = Symbol.for('@zooid/spec/Method');
