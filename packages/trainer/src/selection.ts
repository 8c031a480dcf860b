import type { Metrics } from '@zooid/common';

/** How the best weights are chosen, and when to give up waiting for better ones. */
export interface SelectOptions {
  /** Default: the first metric of the evaluation. */
  readonly metric?: string | undefined;
  /** Default: `min` for names ending in `loss` or `perplexity`, else `max`. */
  readonly mode?: 'max' | 'min' | undefined;
  /** Evaluations without improvement after which training stops; absent: never. */
  readonly patience?: number | undefined;
  /** An improvement smaller than this does not count. Default 0. */
  readonly minDelta?: number | undefined;
}

/** JSON; part of a checkpoint. */
export interface SelectionState {
  readonly bestStep: number;
  readonly bestMetrics: Metrics | undefined;
  /** Evaluations since the best one. */
  readonly waited: number;
}

/** Follows one metric over evaluations. A value that is not finite never counts as better. */
export class Selection {
  private state: SelectionState = { bestStep: 0, bestMetrics: undefined, waited: 0 };

  constructor(private readonly options: SelectOptions) {}

  get current(): SelectionState {
    return this.state;
  }

  restore(state: SelectionState): void {
    this.state = state;
  }

  /** @returns whether `metrics` are the best so far. @throws RangeError when the metric is not among them. */
  observe(step: number, metrics: Metrics): boolean {
    const { metric = Object.keys(metrics)[0] ?? '', mode = defaultMode(metric), minDelta = 0 } = this.options;
    const value = metrics[metric];
    if (value === undefined) {
      throw new RangeError(
        `Expected the metric '${metric}' to select by, found ${Object.keys(metrics).join(', ')}; choose one of these`,
      );
    }
    const best = this.state.bestMetrics?.[metric];
    const better =
      Number.isFinite(value) &&
      (best === undefined || (mode === 'max' ? value > best + minDelta : value < best - minDelta));
    this.state = better
      ? { bestStep: step, bestMetrics: metrics, waited: 0 }
      : { ...this.state, waited: this.state.waited + 1 };
    return better;
  }

  get exhausted(): boolean {
    return this.options.patience !== undefined && this.state.waited >= this.options.patience;
  }
}

function defaultMode(metric: string): 'max' | 'min' {
  return /(loss|perplexity)$/i.test(metric) ? 'min' : 'max';
}
