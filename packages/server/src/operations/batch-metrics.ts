import type { KernelEventOf } from '@zooid/kernel';
import type { Registry } from 'prom-client';
import { requestBuckets } from './request-metrics.js';
import { type HistogramSeries, HistogramTally } from './tally.js';

const rowBuckets = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const shareBuckets = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5];

interface AppSeries {
  readonly size: HistogramSeries;
  readonly padded: HistogramSeries;
  readonly queue: HistogramSeries;
}

/** What every forward pass adds to, by the endpoint it was for. */
export class BatchMetrics {
  private readonly apps = new Map<string, AppSeries>();
  private readonly sizes;
  private readonly paddedShares;
  private readonly queueDurations;

  constructor(register: Registry) {
    const histogram = (name: string, help: string, bounds: readonly number[]) =>
      new HistogramTally(name, help, register, bounds);
    this.sizes = histogram('zooid_batch_size', 'Rows of a forward pass, of however many requests.', rowBuckets);
    this.paddedShares = histogram(
      'zooid_batch_padded_ratio',
      'Share of the tokens of a forward pass that only pad its shorter rows.',
      shareBuckets,
    );
    this.queueDurations = histogram(
      'zooid_batch_queue_seconds',
      'How long the row of a forward pass that waited longest did.',
      requestBuckets,
    );
  }

  observe({ endpoint: app, rows, tokens, paddedTokens, queueMs }: KernelEventOf<'batch-dispatched'>): void {
    const { size, padded, queue } = this.apps.get(app) ?? this.open(app);
    size.observe(rows);
    padded.observe(1 - tokens / paddedTokens);
    queue.observe(queueMs / 1000);
  }

  private open(app: string): AppSeries {
    const series = {
      size: this.sizes.series({ app }),
      padded: this.paddedShares.series({ app }),
      queue: this.queueDurations.series({ app }),
    };
    this.apps.set(app, series);
    return series;
  }
}
