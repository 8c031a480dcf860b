import { AbortError, type Issue, ValidationError } from '@zooid/common';
import {
  type AnswerContext,
  type App,
  type Collection,
  checkDto,
  type Evaluation,
  LimitError,
  type ModelArtifacts,
  ModelError,
  type OpenContext,
  pointer,
  type RunContext,
} from '@zooid/spec';
import type { ModelHold } from '../models/generation.js';
import { boundTokens, type Limits, TextMeter } from './limits.js';
import { type AcquireModel, Serving } from './serving.js';

/** A request that has passed every check. Requests with equal `parameters` may be run together. */
export interface ParsedRequest {
  readonly items: readonly object[];
  readonly parameters: object;
  /** Whether the items came as a list. */
  readonly many: boolean;
}

export interface EndpointAnswer {
  /** One per item, in order. */
  readonly outputs: unknown[];
  readonly model: { readonly id: string; readonly revision: string };
}

/** What an endpoint is beside its app and its model. */
export interface EndpointOptions {
  /** Tells it from others of the same name. Default: it is the only one, and its version is the model's revision. */
  readonly version?: string;
  /** Loads at the first request, and may be unloaded while nobody uses it. Default: false. */
  readonly lazy?: boolean;
  /** What was found when it was opened: tells its model as long as nothing is loaded. */
  readonly artifacts?: ModelArtifacts;
  /** Absent when the model is handed over with `start`. */
  readonly acquire?: AcquireModel;
}

/** A served name: an app bound to a model. Reloading the model swaps what serves here; runs in flight finish on the old. */
export class Endpoint {
  readonly name: string;
  readonly app: App;
  /** The model reference it was opened with. */
  readonly reference: string;
  /** Among several of one name; undefined for one that is alone. */
  readonly version: string | undefined;
  readonly lazy: boolean;
  readonly #limits: Limits;
  readonly #serving: Serving;
  #known: ModelArtifacts | undefined;

  constructor(
    name: string,
    app: App,
    reference: string,
    limits: Limits,
    context: OpenContext,
    { version, lazy = false, artifacts, acquire }: EndpointOptions = {},
  ) {
    this.name = name;
    this.app = app;
    this.reference = reference;
    this.version = version;
    this.lazy = lazy;
    this.#limits = limits;
    this.#known = artifacts;
    this.#serving = new Serving({
      address: this.address,
      app,
      context,
      lazy,
      ...(acquire !== undefined && { acquire }),
    });
  }

  /** Under which exactly this one answers: `intent`, or `intent@2` for one of several versions. */
  get address(): string {
    return this.version === undefined ? this.name : `${this.name}@${this.version}`;
  }

  /** `unloaded`: a lazy one loads at the next request, another has to be loaded first. */
  get state(): 'loaded' | 'loading' | 'unloaded' {
    if (this.#serving.opened !== undefined) return 'loaded';
    return this.#serving.isLoading ? 'loading' : 'unloaded';
  }

  /** The content that answers now, or that answered last, or that was found when it was opened. */
  get model(): { readonly id: string; readonly revision: string } {
    const artifacts = this.#serving.opened?.artifacts ?? this.#known;
    if (artifacts === undefined) throw new ModelError(this.reference, `endpoint '${this.address}' is closed`);
    this.#known = artifacts;
    const { id, revision } = artifacts;
    return { id, revision };
  }

  /** Named state of the app that may be replaced while it serves; nothing while it is not loaded. */
  get collections(): Readonly<Record<string, Collection>> {
    return this.#serving.opened?.instance.collections ?? {};
  }

  /**
   * Checks one request: a string item becomes `{ text }`, items and parameters are validated by the app's classes.
   *
   * @param inputs One item or an array of items, as they came from outside.
   * @throws LimitError, or ValidationError listing everything wrong with pointers such as `/inputs/3/text`.
   */
  parse(inputs: unknown, parameters: unknown = {}): ParsedRequest {
    const many = Array.isArray(inputs);
    const raw: readonly unknown[] = many ? inputs : [inputs];
    if (raw.length > this.#limits.maxItems) {
      throw new LimitError('/inputs', 'items', this.#limits.maxItems, raw.length);
    }
    const issues: Issue[] = [];
    if (inputs === undefined) issues.push({ path: '/inputs', message: 'is required' });
    else if (raw.length === 0) issues.push({ path: '/inputs', message: 'must hold at least one item' });

    const text = new TextMeter(this.#limits);
    const items: object[] = [];
    for (const [index, value] of inputs === undefined ? [] : raw.entries()) {
      const at = many ? pointer('/inputs', index) : '/inputs';
      const item = typeof value === 'string' ? { text: value } : value;
      text.measure(item, at);
      const checked = checkDto(this.app.item, item, at);
      issues.push(...checked.issues);
      if (checked.instance !== undefined) items.push(checked.instance);
      // A thousand bad items would cost time, and nobody reads more than a screenful.
      if (issues.length > maxIssues) throw new ValidationError('request', capped(issues));
    }
    text.measure(parameters, '/parameters');
    const checked = checkDto(this.app.parameters, parameters ?? {}, '/parameters');
    issues.push(...checked.issues);
    if (issues.length > 0 || checked.instance === undefined) throw new ValidationError('request', capped(issues));
    return { items, parameters: checked.instance, many };
  }

  /** Runs a parsed request. */
  async execute(request: ParsedRequest, context: AnswerContext = {}): Promise<EndpointAnswer> {
    AbortError.throwIfAborted(context.signal);
    const entered = this.#serving.enter(context.signal);
    const { instance, artifacts, leave } = entered instanceof Promise ? await entered : entered;
    try {
      const { id, revision } = artifacts;
      const bounded = boundTokens(context, this.#limits, request.many);
      const outputs = await instance.run(request.items as never, request.parameters, bounded);
      if (outputs.length !== request.items.length) {
        throw new ModelError(
          id,
          `app '${this.app.name}' answered ${outputs.length} outputs for ${request.items.length} items; it must give one per item`,
        );
      }
      return { outputs, model: { id, revision } };
    } finally {
      leave();
    }
  }

  /** Works with what serves, which stays until it is done; a lazy one is loaded first. */
  async whileLoaded<T>(work: () => Promise<T> | T, context: RunContext = {}): Promise<T> {
    const { leave } = await this.#serving.enter(context.signal);
    try {
      return await work();
    } finally {
      leave();
    }
  }

  /** Whether the app can score labelled records on this model. */
  get canEvaluate(): boolean {
    return this.#serving.opened?.instance.evaluate !== undefined;
  }

  /** Answers and scores labelled records. @throws ModelError when the app cannot; see `AppInstance.evaluate`. */
  async evaluate(records: readonly unknown[], context: RunContext = {}): Promise<Evaluation> {
    AbortError.throwIfAborted(context.signal);
    const { instance, artifacts, leave } = await this.#serving.enter(context.signal);
    try {
      if (instance.evaluate === undefined) {
        throw new ModelError(artifacts.id, `app '${this.app.name}' does not score its answers`);
      }
      return await instance.evaluate(records, context);
    } finally {
      leave();
    }
  }

  /** Opens the app on a held model and starts to serve. Releases the hold when that fails. */
  start(hold: ModelHold): Promise<void> {
    return this.#serving.start(hold);
  }

  /** Loads unless it is loaded; all who ask meanwhile share one load. */
  load(context: RunContext = {}): Promise<void> {
    return this.#serving.load(context.signal);
  }

  /** Waits for runs in flight, then closes the app instance and lets go of the model. */
  async unload(): Promise<void> {
    this.#known = this.#serving.opened?.artifacts ?? this.#known;
    await this.#serving.unload();
  }

  /** What was found for it while it is not loaded. */
  verified(artifacts: ModelArtifacts): void {
    this.#known = artifacts;
  }

  /** Its app has been given state that its model folder does not hold: it is not unloaded to make room from now on. */
  keepLoaded(): void {
    this.#serving.keep();
  }

  /** Waits for runs in flight, then closes the app instance and lets go of the model. It is of no use afterwards. */
  async close(): Promise<void> {
    this.#known = undefined;
    await this.#serving.close();
  }
}

const maxIssues = 100;

function capped(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length <= maxIssues) return issues;
  return [...issues.slice(0, maxIssues), { path: '', message: 'and more; only the first 100 are listed' }];
}
