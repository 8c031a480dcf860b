import { createSchedule, type Schedule } from '@zooid/optim';
import type { FineTuneOptions } from './options.js';

/** A base model wants small steps; from scratch they would lead nowhere. */
const defaults = { pretrained: 3e-5, scratch: 5e-4, headFactor: 5 };

/** Rates of `groups` at a 1-based step of `totalSteps`, by the options' schedule. */
export function learningRates(options: FineTuneOptions, groups: readonly string[], pretrained: boolean) {
  const base = options.learningRate ?? (pretrained ? defaults.pretrained : defaults.scratch);
  const head = options.headLearningRate ?? (pretrained ? defaults.headFactor * base : base);
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
