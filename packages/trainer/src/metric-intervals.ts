import type { Metrics } from '@zooid/common';
import { bootstrapInterval, type Interval } from '@zooid/metrics';
import type { Random } from '@zooid/tensor';

export interface IntervalOptions {
  /** Resamples. */
  readonly samples: number;
  readonly random: Random;
}

/**
 * 95 % bootstrap intervals of all metrics of a set of answers. Every metric sees the same resamples, so the metrics are
 * computed once per resample however many there are. Metrics that are not finite on some resample get no interval.
 */
export function metricIntervals<Row>(
  metrics: (rows: readonly Row[]) => Metrics,
  rows: readonly Row[],
  { samples, random }: IntervalOptions,
): Readonly<Record<string, number | Interval>> {
  const whole = metrics(rows);
  if (samples === 0 || rows.length === 0) return whole;
  const computed: Metrics[] = [];
  return Object.fromEntries(
    Object.keys(whole).map((name) => {
      // The same stream for every metric gives the same resamples in the same order.
      const stream = random.fork('bootstrap');
      let call = 0;
      const metric = (resample: readonly Row[]) => {
        computed[call] ??= metrics(resample);
        return computed[call++]![name] ?? Number.NaN;
      };
      const interval = bootstrapInterval(metric, rows, { samples, random: () => stream.uniform() });
      const finite = Object.values(interval).every(Number.isFinite);
      return [name, finite ? interval : whole[name]!];
    }),
  );
}
