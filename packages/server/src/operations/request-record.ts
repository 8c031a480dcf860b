import type { ApiKeyConfig } from './settings.js';
import type { RequestSpan } from './tracing.js';

/** What is known of a request while it is answered: for its log line, its metrics and its Server-Timing. No user text. */
export class RequestRecord {
  readonly started = performance.now();
  /** Template of the route that answers, such as `/v1/apps/{name}`; it labels metrics, so never the path as sent. */
  route = 'unmatched';
  /** Name of the endpoint that was asked. */
  app = '';
  /** Stable code of the error it ended with. */
  code: string | undefined = undefined;
  key: ApiKeyConfig | undefined = undefined;
  /** Told when the connection is gone before the reply is complete. */
  onLeft: { abort(): void } | undefined = undefined;
  span: RequestSpan | undefined = undefined;
  traceId: string | undefined = undefined;
  /** Time spent waiting for a place, and with the app; undefined when it got to neither. */
  queueMs: number | undefined = undefined;
  runMs: number | undefined = undefined;

  /** @param urgency 0 to 7, as the caller's `Priority` header says; undefined without one. */
  constructor(
    readonly id: string,
    readonly urgency?: number,
  ) {}

  private phaseStarted = 0;
  private batchQueueMs = 0;

  get elapsedMs(): number {
    return performance.now() - this.started;
  }

  /** An endpoint is asked: the request waits for a place from now on. */
  asked(app: string): void {
    this.app = app;
    this.phaseStarted = performance.now();
  }

  /** It got its place. */
  admitted(): void {
    const now = performance.now();
    this.queueMs = now - this.phaseStarted;
    this.phaseStarted = now;
  }

  /** The app's first forward pass for it began after it had waited for one: time in line, though the app had it. */
  queued(waitedMs: number): void {
    this.batchQueueMs = waitedMs;
  }

  /** The app answered or failed. */
  answered(): void {
    this.queueMs = (this.queueMs ?? 0) + this.batchQueueMs;
    this.runMs = performance.now() - this.phaseStarted - this.batchQueueMs;
  }

  /** The value of `Server-Timing` (W3C): `queue;dur=0.1, run;dur=3.2, total;dur=3.6`, in milliseconds. */
  get serverTiming(): string {
    const { queueMs, runMs } = this;
    const queue = queueMs === undefined ? '' : `queue;dur=${written(queueMs)}, `;
    const run = runMs === undefined ? '' : `run;dur=${written(runMs)}, `;
    return `${queue}${run}total;dur=${written(this.elapsedMs)}`;
  }
}

/** Rounded to tenths of a millisecond, which is all that the clock of a busy event loop is worth. */
export function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}

/** The first 100 ms in tenths: writing a fraction takes longer than finding it here. */
const shortTimes = Array.from({ length: 1000 }, (_, tenth) => (tenth / 10).toFixed(1));

function written(milliseconds: number): string {
  return shortTimes[Math.round(milliseconds * 10)] ?? milliseconds.toFixed(1);
}

/** Where the objects themselves keep their record: a WeakMap costs every request three entries that must be collected. */
const kept = Symbol('record');

interface Place {
  [kept]?: RequestRecord;
}

/** Ties a record to what stands for its request elsewhere: the request itself, its abort signal. */
export function keepRecord(record: RequestRecord, place: object): void {
  (place as Place)[kept] = record;
}

export function recordOf(place: object): RequestRecord | undefined {
  return (place as Place)[kept];
}
