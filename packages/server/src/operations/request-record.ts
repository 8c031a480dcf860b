import { performance } from 'node:perf_hooks';
import type { ApiKeyConfig } from './settings.js';

/** What is known of a request while it is answered: for its log line, its metrics and its Server-Timing. No user text. */
export class RequestRecord {
  readonly started = performance.now();
  /** Template of the route that answers, such as `/v1/apps/{name}`; it labels metrics, so never the path as sent. */
  route = 'unmatched';
  /** Name of the endpoint that was asked. */
  app = '';
  /** Stable code of the error it ended with. */
  code: string | undefined;
  key: ApiKeyConfig | undefined;
  traceId: string | undefined;
  /** Time spent waiting for a place, and with the app; undefined when it got to neither. */
  queueMs: number | undefined;
  runMs: number | undefined;

  constructor(readonly id: string) {}

  private phaseStarted = 0;

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

  /** The app answered or failed. */
  answered(): void {
    this.runMs = performance.now() - this.phaseStarted;
  }

  /** The value of `Server-Timing` (W3C): `queue;dur=0.1, run;dur=3.2, total;dur=3.6`, in milliseconds. */
  get serverTiming(): string {
    const phases: [string, number | undefined][] = [
      ['queue', this.queueMs],
      ['run', this.runMs],
      ['total', this.elapsedMs],
    ];
    return phases.flatMap(([name, ms]) => (ms === undefined ? [] : [`${name};dur=${ms.toFixed(1)}`])).join(', ');
  }
}

const records = new WeakMap<object, RequestRecord>();

/** Ties a record to what stands for its request elsewhere: the request itself, its response, its abort signal. */
export function keepRecord(record: RequestRecord, ...places: readonly object[]): void {
  for (const place of places) records.set(place, record);
}

export function recordOf(place: object): RequestRecord | undefined {
  return records.get(place);
}
