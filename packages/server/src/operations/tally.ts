import type { Metric, Registry } from 'prom-client';

type Labels = Readonly<Record<string, string>>;

interface Exported {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * A metric whose series are handed out, to be kept where they are counted. prom-client finds the series anew for each
 * value, by checking, sorting and joining its labels, which for the five values of a request costs more than its route.
 */
abstract class Tally<Series> {
  abstract readonly type: 'counter' | 'histogram';
  readonly aggregator = 'sum';
  protected readonly all: { readonly labels: Labels; readonly series: Series }[] = [];

  constructor(
    readonly name: string,
    readonly help: string,
    register: Registry,
  ) {
    // A registry asks its metrics for their name and for `get` alone.
    register.registerMetric(this as unknown as Metric);
  }

  /** A series for labels that have none yet. */
  series(labels: Labels): Series {
    const series = this.fresh();
    this.all.push({ labels, series });
    return series;
  }

  /** What prom-client prints. */
  get() {
    const values = this.all.flatMap(({ labels, series }) => this.exported(labels, series));
    return { name: this.name, help: this.help, type: this.type, aggregator: this.aggregator, values };
  }

  protected abstract fresh(): Series;
  protected abstract exported(labels: Labels, series: Series): Exported[];
}

/** Counts with the same labels. */
export interface CounterSeries {
  count: number;
}

export class CounterTally extends Tally<CounterSeries> {
  readonly type = 'counter';

  protected fresh(): CounterSeries {
    return { count: 0 };
  }

  protected exported(labels: Labels, { count }: CounterSeries): Exported[] {
    return [{ metricName: this.name, labels, value: count }];
  }
}

/** Values with the same labels. */
export class HistogramSeries {
  sum = 0;
  /** Per bucket, not cumulative; the last is for what exceeds all bounds. */
  readonly counts: number[];

  constructor(private readonly bounds: readonly number[]) {
    this.counts = Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.sum += value;
  }
}

export class HistogramTally extends Tally<HistogramSeries> {
  readonly type = 'histogram';

  /** @param bounds Inclusive upper bounds of the buckets, ascending. */
  constructor(
    name: string,
    help: string,
    register: Registry,
    private readonly bounds: readonly number[],
  ) {
    super(name, help, register);
  }

  protected fresh(): HistogramSeries {
    return new HistogramSeries(this.bounds);
  }

  protected exported(labels: Labels, { counts, sum }: HistogramSeries): Exported[] {
    let count = 0;
    const buckets = counts.map((own, i) => {
      count += own;
      return { metricName: `${this.name}_bucket`, labels: { ...labels, le: this.bounds[i] ?? '+Inf' }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.name}_sum`, labels, value: sum },
      { metricName: `${this.name}_count`, labels, value: count },
    ];
  }
}
