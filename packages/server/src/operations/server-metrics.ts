import type { EventHub, LoadedModel } from '@zooid/kernel';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { BatchMetrics } from './batch-metrics.js';
import { addModelMetrics } from './model-metrics.js';
import { addProcessMetrics } from './process-metrics.js';
import { RequestMetrics } from './request-metrics.js';
import type { RequestRecord } from './request-record.js';

const loadBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** What the gauges are read from, at each scrape. */
export interface Load {
  readonly running: number;
  readonly queued: number;
}

/** What the server counts of its host, as far as it is given. */
export interface HostMetrics {
  readonly events?: EventHub | undefined;
  readonly loaded?: (() => readonly LoadedModel[]) | undefined;
}

/**
 * The server in Prometheus' terms. Labels are route templates, served names, model ids, methods, statuses and error
 * codes: sets that the configuration bounds, never what a caller sends.
 */
export class ServerMetrics implements Disposable {
  readonly register = new Registry();
  private readonly endings: (() => void)[] = [];
  private readonly requests;

  constructor(load: () => Load, inFlight: () => number, { events, loaded }: HostMetrics) {
    const registers = [this.register];
    this.requests = new RequestMetrics(this.register);
    const gauge = (name: string, help: string, read: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(read());
        },
      });
    gauge('zooid_http_requests_in_flight', 'Requests that have begun and not ended.', inFlight);
    gauge('zooid_requests_running', 'Requests the apps work on.', () => load().running);
    gauge('zooid_requests_queued', 'Requests that wait for a place.', () => load().queued);
    if (events !== undefined) {
      this.countLoads(events);
      const batches = new BatchMetrics(this.register);
      this.endings.push(events.on('batch-dispatched', (batch) => batches.observe(batch)));
    }
    if (loaded !== undefined) addModelMetrics(this.register, loaded);
    this.endings.push(addProcessMetrics(this.register));
  }

  /** @param status Of the reply; 499 when the caller left. */
  observe(record: RequestRecord, method: string, status: number): void {
    this.requests.observe(record, method, status);
  }

  [Symbol.dispose](): void {
    for (const end of this.endings.splice(0)) end();
  }

  private countLoads(events: EventHub): void {
    const registers = [this.register];
    const loads = new Counter({
      name: 'zooid_model_loads_total',
      help: 'Models that were loaded, or failed to be.',
      labelNames: ['model', 'outcome'],
      registers,
    });
    const durations = new Histogram({
      name: 'zooid_model_load_duration_seconds',
      help: 'How long loading took.',
      labelNames: ['model'],
      buckets: loadBuckets,
      registers,
    });
    const replaced = new Counter({
      name: 'zooid_model_replacements_total',
      help: 'Reloads that put newer content in the place of older.',
      labelNames: ['model'],
      registers,
    });
    const evicted = new Counter({
      name: 'zooid_model_evictions_total',
      help: 'Models that were unloaded to make room for others.',
      labelNames: ['model'],
      registers,
    });
    const exhausted = new Counter({
      name: 'zooid_memory_refusals_total',
      help: 'Loads that were refused because the memory budget was in use.',
      labelNames: ['model'],
      registers,
    });
    this.endings.push(
      events.on('model-evicted', ({ model }) => evicted.inc({ model })),
      events.on('memory-exhausted', ({ model }) => exhausted.inc({ model })),
      events.on('model-loaded', ({ model, milliseconds }) => {
        loads.inc({ model, outcome: 'loaded' });
        durations.observe({ model }, milliseconds / 1000);
      }),
      events.on('model-load-failed', ({ model }) => loads.inc({ model, outcome: 'failed' })),
      events.on('model-replaced', ({ model }) => replaced.inc({ model })),
    );
  }
}
