import { AbortError, type Issue, ValidationError } from '@zooid/common';
import {
  type AnswerContext,
  type App,
  type AppInstance,
  type Collection,
  checkDto,
  type Evaluation,
  LimitError,
  ModelError,
  type OpenContext,
  pointer,
  type RunContext,
} from '@zooid/spec';
import { Drain } from '../drain.js';
import type { ModelHold, Replacement } from '../models/generation.js';
import { type Limits, refuseLongText } from './limits.js';

/** A request that has passed every check. Requests with equal `parameters` may be run together. */
export interface ParsedRequest {
  readonly items: readonly object[];
  readonly parameters: object;
}

export interface EndpointAnswer {
  /** One per item, in order. */
  readonly outputs: unknown[];
  readonly model: { readonly id: string; readonly revision: string };
}

/** An app instance on one generation of a model, closed when the last run on it has ended. */
interface Serving {
  readonly instance: AppInstance;
  readonly hold: ModelHold;
  readonly drain: Drain;
}

/** A served name: an app bound to a model. Reloading the model swaps what serves here; runs in flight finish on the old. */
export class Endpoint {
  readonly name: string;
  readonly app: App;
  /** The model reference it was opened with. */
  readonly reference: string;
  readonly #limits: Limits;
  readonly #context: OpenContext;
  readonly #retiring = new Set<Promise<void>>();
  #serving: Serving | undefined;
  #closed = false;

  constructor(name: string, app: App, reference: string, limits: Limits, context: OpenContext) {
    this.name = name;
    this.app = app;
    this.reference = reference;
    this.#limits = limits;
    this.#context = context;
  }

  /** The content that answers now. */
  get model(): { readonly id: string; readonly revision: string } {
    const { id, revision } = this.#current().hold.model.artifacts;
    return { id, revision };
  }

  /** Named state of the app that may be replaced while it serves. */
  get collections(): Readonly<Record<string, Collection>> {
    return this.#current().instance.collections ?? {};
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

    const items: object[] = [];
    for (const [index, value] of inputs === undefined ? [] : raw.entries()) {
      const at = many ? pointer('/inputs', index) : '/inputs';
      const item = typeof value === 'string' ? { text: value } : value;
      refuseLongText(item, at, this.#limits);
      const checked = checkDto(this.app.item, item, at);
      issues.push(...checked.issues);
      if (checked.instance !== undefined) items.push(checked.instance);
      // A thousand bad items would cost time, and nobody reads more than a screenful.
      if (issues.length > maxIssues) throw new ValidationError('request', capped(issues));
    }
    refuseLongText(parameters, '/parameters', this.#limits);
    const checked = checkDto(this.app.parameters, parameters ?? {}, '/parameters');
    issues.push(...checked.issues);
    if (issues.length > 0 || checked.instance === undefined) throw new ValidationError('request', capped(issues));
    return { items, parameters: checked.instance };
  }

  /** Runs a parsed request. */
  async execute(request: ParsedRequest, context: AnswerContext = {}): Promise<EndpointAnswer> {
    AbortError.throwIfAborted(context.signal);
    const { instance, hold, drain } = this.#current();
    const leave = drain.enter();
    try {
      const { id, revision } = hold.model.artifacts;
      const outputs = await instance.run(request.items as never, request.parameters, context);
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

  /** Whether the app can score labelled records on this model. */
  get canEvaluate(): boolean {
    return this.#current().instance.evaluate !== undefined;
  }

  /** Answers and scores labelled records. @throws ModelError when the app cannot; see `AppInstance.evaluate`. */
  async evaluate(records: readonly unknown[], context: RunContext = {}): Promise<Evaluation> {
    AbortError.throwIfAborted(context.signal);
    const { instance, hold, drain } = this.#current();
    if (instance.evaluate === undefined) {
      throw new ModelError(hold.model.artifacts.id, `app '${this.app.name}' does not score its answers`);
    }
    const leave = drain.enter();
    try {
      return await instance.evaluate(records, context);
    } finally {
      leave();
    }
  }

  /** Opens the app on a held model and starts to serve. Releases the hold when that fails. */
  async start(hold: ModelHold): Promise<void> {
    this.#serving = await this.#open(hold);
  }

  /** Opens the app on the next generation beside the one that serves. */
  async prepareReplacement(next: ModelHold): Promise<Replacement> {
    const candidate = await this.#open(next);
    return {
      commit: () => {
        const old = this.#closed ? candidate : this.#serving;
        if (!this.#closed) this.#serving = candidate;
        if (old !== undefined) this.#retire(old);
      },
      discard: () => candidate.drain.retire(),
    };
  }

  /** Waits for runs in flight, then closes the app instance and lets go of the model. */
  async close(): Promise<void> {
    this.#closed = true;
    const serving = this.#serving;
    this.#serving = undefined;
    if (serving !== undefined) this.#retire(serving);
    const results = await Promise.allSettled([...this.#retiring]);
    const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
    if (errors.length > 0) throw new AggregateError(errors, `endpoint '${this.name}' failed to close`);
  }

  async #open(hold: ModelHold): Promise<Serving> {
    let instance: AppInstance;
    try {
      instance = await this.app.open(hold.model, this.#context);
    } catch (error) {
      hold.release();
      throw error;
    }
    const drain = new Drain(async () => {
      try {
        await instance[Symbol.asyncDispose]();
      } finally {
        hold.release();
      }
    });
    return { instance, hold, drain };
  }

  #current(): Serving {
    if (this.#serving === undefined) throw new ModelError(this.reference, `endpoint '${this.name}' is closed`);
    return this.#serving;
  }

  #retire(serving: Serving): void {
    const done = serving.drain.retire();
    this.#retiring.add(done);
    const forget = () => void this.#retiring.delete(done);
    done.then(forget, (error) => {
      this.#context.notify?.({ level: 'warn', message: `the old app instance failed to close: ${String(error)}` });
      // Kept in the set: close() reports it as well.
    });
  }
}

const maxIssues = 100;

function capped(issues: readonly Issue[]): readonly Issue[] {
  if (issues.length <= maxIssues) return issues;
  return [...issues.slice(0, maxIssues), { path: '', message: 'and more; only the first 100 are listed' }];
}
