import { createSchedule, type Schedule, type ScheduleOptions } from '@zooid/optim';

/** How recipes name a schedule. */
export interface ScheduleSection {
  readonly schedule: ScheduleOptions['kind'];
  /** Below 1 the share of all steps, from 1 on the number of steps over which the rate rises from 0. */
  readonly warmup: number;
}

/** The schedule of a run of `totalSteps`; it counts updates already made, so the first step is at 0. */
export function scheduleOf({ schedule: kind, warmup }: ScheduleSection, totalSteps: number): Schedule {
  const rise = warmup < 1 ? { warmupRatio: warmup } : { warmupSteps: Math.min(Math.round(warmup), totalSteps) };
  return createSchedule({ kind, totalSteps, ...rise });
}
