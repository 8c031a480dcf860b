/** How a rate changes over training, as a multiplier of its peak. */
export interface ScheduleOptions {
  readonly kind: 'constant' | 'linear' | 'cosine';
  /** Steps of the whole run. Needed by all kinds but `constant` without `warmupRatio`. */
  readonly totalSteps?: number;
  /** Steps of the linear rise from 0 to 1. Default 0. Give this or `warmupRatio`. */
  readonly warmupSteps?: number;
  /** The same as a share of `totalSteps`, rounded up. */
  readonly warmupRatio?: number;
  /** Where `linear` and `cosine` end, as a share of the peak. Default 0. */
  readonly floor?: number;
}

/** Multiplier in [0, 1] as a function of the step. */
export type Schedule = (step: number) => number;

/**
 * A schedule over steps 0 … `totalSteps`: 0 at step 0 when there is a warm-up, exactly 1 at `warmupSteps`, exactly
 * `floor` at `totalSteps` and after. `linear` falls in a straight line, `cosine` in half a cosine wave; `constant`
 * stays at 1.
 *
 * With `step` = updates already made (0 for the first update) this is the convention of Hugging Face's schedulers.
 *
 * @throws RangeError on contradictory options.
 */
export function createSchedule(options: ScheduleOptions): Schedule {
  const { kind, totalSteps, floor = 0 } = options;
  const warmup = warmupSteps(options);
  if (kind !== 'constant' && totalSteps === undefined) throw new RangeError(`A ${kind} schedule needs totalSteps`);
  if (!(floor >= 0 && floor <= 1)) throw new RangeError(`Expected floor in [0, 1], got ${floor}`);
  const total = totalSteps ?? Number.POSITIVE_INFINITY;
  if (warmup > total) throw new RangeError(`Expected at most ${total} warm-up steps (totalSteps), got ${warmup}`);

  return (step) => {
    if (step < warmup) return Math.max(0, step) / warmup;
    if (kind === 'constant') return 1;
    if (step >= total) return floor;
    const progress = (step - warmup) / (total - warmup);
    const shape = kind === 'linear' ? 1 - progress : 0.5 * (1 + Math.cos(Math.PI * progress));
    return floor + (1 - floor) * shape;
  };
}

function warmupSteps({ warmupSteps: steps, warmupRatio: ratio, totalSteps }: ScheduleOptions): number {
  if (steps !== undefined && ratio !== undefined) throw new RangeError('Give warmupSteps or warmupRatio, not both');
  if (steps !== undefined) {
    if (!Number.isInteger(steps) || steps < 0)
      throw new RangeError(`Expected a whole number of warm-up steps, got ${steps}`);
    return steps;
  }
  if (ratio === undefined) return 0;
  if (!(ratio >= 0 && ratio <= 1)) throw new RangeError(`Expected warmupRatio in [0, 1], got ${ratio}`);
  if (totalSteps === undefined) throw new RangeError('warmupRatio needs totalSteps');
  return Math.ceil(ratio * totalSteps);
}
