import { createSchedule, type Schedule } from '@zooid/optim';
import type { FineTuneOptions } from './options.js';

/**
 * A base model wants small steps; from scratch they would lead nowhere. The wider the model, the smaller they should be:
 * 3e-5 is for the 768 of BERT-base, and narrower encoders do best well above it.
 *
 * @see Turc et al. 2019, "Well-Read Students Learn Better", where the smaller models are tuned with up to 3e-4
 */
const defaults = { pretrained: 3e-5, width: 768, scratch: 5e-4, headFactor: 5 };

/**
 * Rates of `groups` at a 1-based step of `totalSteps`, by the options' schedule.
 *
 * @param baseWidth hidden size of the base model; absent: from scratch.
 */
export function learningRates(options: FineTuneOptions, groups: readonly string[], baseWidth: number | undefined) {
  const byDefault = baseWidth === undefined ? defaults.scratch : (defaults.pretrained * defaults.width) / baseWidth;
  const base = options.learningRate ?? byDefault;
  const head = options.headLearningRate ?? (baseWidth === undefined ? base : defaults.headFactor * base);
  const peaks = Object.fromEntries(groups.map((group) => [group, group === 'head' ? head : base]));
  let schedule: { readonly total: number; readonly at: Schedule } | undefined;
  return (step: number, totalSteps: number): Record<string, number> => {
    if (schedule?.total !== totalSteps) schedule = { total: totalSteps, at: scheduleOf(options, totalSteps) };
    const factor = schedule.at(step - 1); // schedules count updates already made
    return Object.fromEntries(Object.entries(peaks).map(([group, peak]) => [group, factor * peak]));
  };
}

function scheduleOf({ schedule: kind, warmup }: FineTuneOptions, totalSteps: number): Schedule {
  const rise = warmup < 1 ? { warmupRatio: warmup } : { warmupSteps: Math.min(Math.round(warmup), totalSteps) };
  return createSchedule({ kind, totalSteps, ...rise });
}
