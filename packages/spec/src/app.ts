import type { Batching } from '@zooid/batcher';
import type { HasCapabilities } from '@zooid/common';
import type { ServiceIdentifier } from 'inversify';
import type { DtoClass, TextItem } from './dto.js';
import type { Evaluation } from './evaluation.js';
import type { Model, RunContext } from './model.js';
import type { TaskId } from './task-id.js';

/**
 * A task people call: `intent`, `segmentation`, … One app serves any number of models; `open` binds it to one.
 *
 * A string item on the wire is shorthand for `{ text: string }`, expanded before validation.
 */
export interface App<Item extends object = TextItem, Parameters extends object = object, Output = unknown>
  extends HasCapabilities {
  /** Short name, as in recipes and manifests: `intent`. */
  readonly name: string;
  /** Hugging Face task id this app answers to: `text-classification`. */
  readonly task: TaskId;
  readonly description: string;
  readonly item: DtoClass<Item>;
  readonly parameters: DtoClass<Parameters>;
  /** JSON Schema (draft 2020-12) of one output, for /openapi.json. */
  readonly output: Readonly<Record<string, unknown>>;
  /** Binds the app to a loaded model. @throws ModelError when the folder was not made for this app. */
  open(model: Model, context: OpenContext): Promise<AppInstance<Item, Parameters, Output>>;
}
export const App: ServiceIdentifier<App> = Symbol.for('@zooid/spec/App');

/** What an instance may use while it lives. */
export interface OpenContext extends RunContext {
  /** Reports a background event worth an operator's attention (a lexicon was reloaded or refused). */
  readonly notify?: (event: { readonly level: 'info' | 'warn'; readonly message: string }) => void;
  /** How the instance is to batch the rows of its requests; an app hands it to its `Batcher`. Default: its defaults. */
  readonly batching?: Batching;
}

/** Options of one answer. */
export interface AnswerContext extends RunContext {
  /**
   * Called by apps that read tokens, with how many the model reads for the items, special tokens included, and, by those
   * that know it before the model runs, for each item. Apps that read items one by one call it for each, with the others
   * left out of `perItem`; the counts add up. What it throws is the answer: hosts bound tokens by it.
   */
  readonly onTokens?: (count: number, perItem?: readonly number[]) => void;
  /** 0 (most urgent) to 7 (least), as in the `Priority` header of RFC 9218; default: 3. */
  readonly urgency?: number;
  /** Called by apps that batch, with the milliseconds that the first item waited for a forward pass. */
  readonly onQueued?: (waitedMs: number) => void;
}

/** An app bound to one model. */
export interface AppInstance<Item extends object = TextItem, Parameters extends object = object, Output = unknown>
  extends AsyncDisposable {
  /** One output per item, in order; a batch equals its items one by one. */
  run(items: readonly Item[], parameters: Parameters, context?: AnswerContext): Promise<Output[]>;
  /**
   * Answers labelled records (lines of a data file as they stand) and scores the answers, for `zooid evaluate`. It is
   * the instance's, because the model knows which fields it was trained on. Absent where answers cannot be scored.
   *
   * @throws ValidationError naming `/<index>/<field>` for records that carry no usable text or label.
   */
  evaluate?(records: readonly unknown[], context?: RunContext): Promise<Evaluation<Output>>;
  /** Named collections that can be read and replaced while serving: `lexicons`. */
  readonly collections?: Readonly<Record<string, Collection>>;
}

/**
 * Server-side state of an app that users may replace while it serves, reachable as
 * `GET|PUT|DELETE /v1/apps/{name}/{collection}/{entry}`. A request keeps the version it started with.
 */
export interface Collection<Body extends object = object> {
  readonly body: DtoClass<Body>;
  list(): readonly CollectionEntry[];
  /** Replaces the entry atomically. @throws ValidationError when `body` fails the entry's own checks. */
  put(entry: string, body: Body): Promise<CollectionEntry>;
  /** Returns whether the entry existed. */
  delete(entry: string): Promise<boolean>;
}

export interface CollectionEntry {
  readonly name: string;
  /** Content hash. */
  readonly version: string;
  readonly size: number;
}
