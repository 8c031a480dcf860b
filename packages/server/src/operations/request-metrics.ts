import type { Registry } from 'prom-client';
import type { RequestRecord } from './request-record.js';
import { type CounterSeries, CounterTally, type HistogramSeries, HistogramTally } from './tally.js';

/** Upper bounds in seconds. */
export const requestBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The series of one route and app. */
interface RouteSeries {
  readonly duration: HistogramSeries;
  /** By method and status. */
  readonly requests: Map<string, Map<number, CounterSeries>>;
}

/** The series of one app. */
interface AppSeries {
  readonly queue: HistogramSeries;
  readonly run: HistogramSeries;
}

/** What every request adds to: found by route and app, whose series are made with the first request. */
export class RequestMetrics {
  private readonly routes = new Map<string, Map<string, RouteSeries>>();
  private readonly apps = new Map<string, AppSeries>();
  private readonly codes = new Map<string, CounterSeries>();
  private readonly requests;
  private readonly durations;
  private readonly queueDurations;
  private readonly runDurations;
  private readonly refusals;

  constructor(register: Registry) {
    const histogram = (name: string, help: string) => new HistogramTally(name, help, register, requestBuckets);
    this.requests = new CounterTally(
      'zooid_http_requests_total',
      'Requests that ended. Status 499: the caller left first.',
      register,
    );
    this.durations = histogram(
      'zooid_http_request_duration_seconds',
      'From the head of a request to the end of its reply.',
    );
    this.queueDurations = histogram('zooid_app_queue_duration_seconds', 'How long requests waited for a place.');
    this.runDurations = histogram(
      'zooid_app_run_duration_seconds',
      'How long the app took, from getting a place to its answer.',
    );
    this.refusals = new CounterTally(
      'zooid_http_errors_total',
      'Requests that ended with an error, by its stable code.',
      register,
    );
  }

  /** @param status Of the reply; 499 when the caller left. */
  observe({ route, app, code, elapsedMs, queueMs, runMs }: RequestRecord, method: string, status: number): void {
    const apps = getOr(this.routes, route, () => new Map<string, RouteSeries>());
    const series = getOr(apps, app, () => ({ duration: this.durations.series({ route, app }), requests: new Map() }));
    series.duration.observe(elapsedMs / 1000);
    const statuses = getOr(series.requests, method, () => new Map<number, CounterSeries>());
    getOr(statuses, status, () => this.requests.series({ method, route, app, status: String(status) })).count++;
    if (code !== undefined) getOr(this.codes, code, () => this.refusals.series({ code })).count++;
    if (queueMs === undefined) return;
    const { queue, run } = getOr(this.apps, app, () => ({
      queue: this.queueDurations.series({ app }),
      run: this.runDurations.series({ app }),
    }));
    queue.observe(queueMs / 1000);
    if (runMs !== undefined) run.observe(runMs / 1000);
  }
}

function getOr<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
