import { scheduleOf } from '@zooid/method-kit';
import type { Schedule } from '@zooid/optim';
import type { FineTuneOptions } from './options.js';

/** Rates of groups with these peaks at a 1-based step of `totalSteps`, by the options' schedule. */
export function learningRates(options: FineTuneOptions, peaks: Readonly<Record<string, number>>) {
  let schedule: { readonly total: number; readonly at: Schedule } | undefined;
  return (step: number, totalSteps: number): Record<string, number> => {
    if (schedule?.total !== totalSteps) schedule = { total: totalSteps, at: scheduleOf(options, totalSteps) };
    const factor = schedule.at(step - 1); // schedules count updates already made
    return Object.fromEntries(Object.entries(peaks).map(([group, peak]) => [group, factor * peak]));
  };
}
