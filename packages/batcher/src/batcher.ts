import { AbortError } from '@zooid/common';
import type { WaitingRow } from './due-queue.js';
import { AnswerCountError, BatchQueueFullError } from './errors.js';
import { DEFAULT_URGENCY, FairClock } from './fair-clock.js';
import { LengthClasses } from './length-classes.js';
import { type Batching, type CheckedSettings, checkSettings } from './settings.js';

export interface BatcherOptions<Row, Answer> extends Batching {
  /**
   * Answers the rows of one batch, whichever requests they came from: one answer per row, in order. `signal` fires when
   * nobody waits for any of them any more.
   */
  readonly run: (rows: readonly Row[], context: { readonly signal: AbortSignal }) => Promise<readonly Answer[]>;
  /** Tokens of a row, special ones included. */
  readonly lengthOf: (row: Row) => number;
  /** Batches that run at the same time: `model.concurrency`. Default: 1. */
  readonly concurrency?: number | undefined;
  /** Milliseconds since any moment; default: `performance.now`. */
  readonly now?: () => number;
  /** Calls back when the events that are at hand have been dealt with; default: `setImmediate`. */
  readonly soon?: (callback: () => void) => void;
}

export interface SubmitOptions {
  readonly signal?: AbortSignal | undefined;
  /** 0 (most urgent) to 7, as in the `Priority` header of RFC 9218. Default: 3. */
  readonly urgency?: number | undefined;
  /** Called once, when the first row is handed to the model, with how many milliseconds it waited. */
  readonly onQueued?: ((waitedMs: number) => void) | undefined;
}

/** What one caller asked for. */
interface Submission<Row, Answer> {
  readonly entries: Entry<Row, Answer>[];
  readonly answers: Answer[];
  readonly since: number;
  /** Rows without an answer; 0 when it is over, also when it failed. */
  open: number;
  onQueued: SubmitOptions['onQueued'];
  readonly finish: (error?: unknown) => void;
}

interface Entry<Row, Answer> extends WaitingRow {
  readonly row: Row;
  /** Place in its submission. */
  readonly index: number;
  readonly arrival: number;
  readonly submission: Submission<Row, Answer>;
  /** The batch it runs in. */
  batch: Batch | undefined;
}

/** A batch that runs. */
interface Batch {
  /** Rows somebody still waits for. */
  wanted: number;
  readonly abort: AbortController;
}

/**
 * Gathers the rows of concurrent requests into forward passes. Nothing waits for company: as soon as a pass can run,
 * what waits by then goes. The row that is due first picks the length, rows of near lengths fill the batch up to a
 * budget of padded tokens, and several free passes share what waits. See docs/decisions/001.
 */
export class Batcher<Row, Answer> {
  private readonly options: BatcherOptions<Row, Answer>;
  private readonly settings: CheckedSettings;
  private readonly concurrency: number;
  private readonly now: () => number;
  private readonly soon: (callback: () => void) => void;
  private readonly waiting: LengthClasses<Entry<Row, Answer>>;
  /** Rows of one submission each, out of batches that failed. */
  private retries: Entry<Row, Answer>[][] = [];
  private readonly clock = new FairClock();
  private sequence = 0;
  private running = 0;
  private isDispatchDue = false;

  /** @throws RangeError naming a setting that cannot be. */
  constructor(options: BatcherOptions<Row, Answer>) {
    this.options = options;
    this.settings = checkSettings(options);
    this.concurrency = options.concurrency ?? 1;
    this.now = options.now ?? (() => performance.now());
    this.soon = options.soon ?? ((callback) => void setImmediate(callback));
    this.waiting = new LengthClasses(this.settings.maxTokens);
  }

  /** What waits for a pass. */
  get queued(): { readonly rows: number; readonly tokens: number } {
    return { rows: this.waiting.rows, tokens: this.waiting.tokens };
  }

  /**
   * Answers the rows of one request, in their order, together with those of others.
   *
   * A failed batch fails its own rows only; when it held rows of several requests, each request's are run once more
   * without the others', so that one bad request does not fail its neighbours.
   *
   * @throws BatchQueueFullError at once when too much waits; AbortError as soon as `signal` fires, and rows that wait are
   * forgotten; what `run` throws.
   */
  submit(rows: readonly Row[], { signal, urgency, onQueued }: SubmitOptions = {}): Promise<Answer[]> {
    return new Promise((resolve, reject) => {
      AbortError.throwIfAborted(signal);
      if (rows.length === 0) return resolve([]);
      const lengths = rows.map((row) => Math.max(1, this.options.lengthOf(row)));
      this.refuseExcess(lengths);
      const submission: Submission<Row, Answer> = {
        entries: [],
        answers: new Array<Answer>(rows.length),
        since: this.now(),
        open: rows.length,
        onQueued,
        finish: (error) => {
          signal?.removeEventListener('abort', leave);
          if (error === undefined) resolve(submission.answers);
          else reject(error);
        },
      };
      const leave = () => this.fail(submission, new AbortError(undefined, { cause: signal?.reason }));
      signal?.addEventListener('abort', leave, { once: true });
      this.enqueue(submission, rows, lengths, urgencyOf(urgency));
    });
  }

  private refuseExcess(lengths: readonly number[]): void {
    const { maxQueuedRows, maxQueuedTokens } = this.settings;
    const { rows, tokens } = this.waiting;
    if (rows === 0) return; // or what is larger than the queue could never be answered
    if (rows + lengths.length > maxQueuedRows) {
      throw new BatchQueueFullError(lengths.length, { of: 'rows', most: maxQueuedRows });
    }
    if (lengths.reduce((sum, length) => sum + length, tokens) > maxQueuedTokens) {
      throw new BatchQueueFullError(lengths.length, { of: 'tokens', most: maxQueuedTokens });
    }
  }

  private enqueue(
    submission: Submission<Row, Answer>,
    rows: readonly Row[],
    lengths: readonly number[],
    urgency: number,
  ): void {
    let { arrival } = this.clock;
    for (let index = 0; index < rows.length; index++) {
      const entry: Entry<Row, Answer> = {
        row: rows[index]!,
        length: lengths[index]!,
        index,
        arrival,
        due: this.clock.due(arrival, urgency),
        sequence: this.sequence++,
        place: -1,
        submission,
        batch: undefined,
      };
      submission.entries.push(entry);
      this.waiting.add(entry);
      arrival += entry.length;
    }
    // Requests that arrived in the same turn of the event loop share their batches; nobody waits any longer than that.
    if (!this.isDispatchDue && this.running < this.concurrency) {
      this.isDispatchDue = true;
      this.soon(() => {
        this.isDispatchDue = false;
        this.dispatch();
      });
    }
  }

  private dispatch(): void {
    for (;;) {
      const free = this.concurrency - this.running;
      if (this.retries.length > 0 && free > 0) {
        this.start(this.retries.shift()!);
        continue;
      }
      const { rows, tokens } = this.waiting;
      if (rows === 0) return;
      const { maxTokens, maxPadding, ahead } = this.settings;
      if (free <= 0 && (free <= -ahead || tokens < maxTokens)) return;
      const enough = free > 1 ? tokens / free : Number.POSITIVE_INFINITY;
      const entries = this.waiting.take({ maxTokens, maxPadding, enough, dueBy: this.clock.dueNow });
      const batchTokens = entries.reduce((sum, { length }) => sum + length, 0);
      this.clock.served(entries[0]!.arrival, batchTokens);
      this.start(entries);
    }
  }

  private start(entries: readonly Entry<Row, Answer>[]): void {
    this.running++;
    const batch: Batch = { wanted: entries.length, abort: new AbortController() };
    for (const entry of entries) entry.batch = batch;
    void this.answer(entries, batch.abort.signal).then((failure) => {
      this.running--;
      if (failure !== undefined) this.recover(entries, failure.error);
      this.dispatch();
    });
    this.tell(entries);
  }

  /** Gives every row its answer, or tells what went wrong. */
  private async answer(
    entries: readonly Entry<Row, Answer>[],
    signal: AbortSignal,
  ): Promise<{ readonly error: unknown } | undefined> {
    let answers: readonly Answer[];
    try {
      answers = await this.options.run(
        entries.map(({ row }) => row),
        { signal },
      );
      if (answers.length !== entries.length) throw new AnswerCountError(entries.length, answers.length);
    } catch (error) {
      return { error };
    }
    for (let i = 0; i < entries.length; i++) {
      const { submission, index } = entries[i]!;
      if (submission.open === 0) continue; // it failed or left meanwhile
      submission.answers[index] = answers[i]!;
      if (--submission.open === 0) submission.finish();
    }
    return undefined;
  }

  /** A batch failed: a request that was alone in it fails, several are tried once more without each other. */
  private recover(entries: readonly Entry<Row, Answer>[], error: unknown): void {
    const groups = new Map<Submission<Row, Answer>, Entry<Row, Answer>[]>();
    for (const entry of entries) {
      const group = groups.get(entry.submission);
      if (group === undefined) groups.set(entry.submission, [entry]);
      else group.push(entry);
    }
    for (const [submission, group] of groups) {
      if (submission.open === 0) continue;
      if (groups.size === 1) this.fail(submission, error);
      else {
        for (const entry of group) entry.batch = undefined;
        this.retries.push(group);
      }
    }
  }

  /** Ends a submission early: what waits is forgotten, and a batch that nobody wants any more is aborted. */
  private fail(submission: Submission<Row, Answer>, error: unknown): void {
    if (submission.open === 0) return;
    submission.open = 0;
    if (this.retries.length > 0) this.retries = this.retries.filter(([entry]) => entry!.submission !== submission);
    submission.finish(error);
    for (const entry of submission.entries) {
      if (entry.place >= 0) this.waiting.remove(entry);
      else if (entry.batch !== undefined && --entry.batch.wanted === 0) entry.batch.abort.abort(error);
    }
  }

  private tell(entries: readonly Entry<Row, Answer>[]): void {
    const now = this.now();
    let [tokens, longest, oldest] = [0, 0, now];
    for (const { length, submission } of entries) {
      tokens += length;
      longest = Math.max(longest, length);
      oldest = Math.min(oldest, submission.since);
      submission.onQueued?.(now - submission.since);
      submission.onQueued = undefined;
    }
    const rows = entries.length;
    this.options.observe?.({ rows, tokens, paddedTokens: rows * longest, queueMs: now - oldest });
  }
}

function urgencyOf(urgency = DEFAULT_URGENCY): number {
  if (Number.isInteger(urgency) && urgency >= 0 && urgency <= 7) return urgency;
  throw new RangeError(`urgency must be an integer from 0 to 7, got ${urgency}`);
}
