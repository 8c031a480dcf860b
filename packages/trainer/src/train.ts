import { AbortError } from '@zooid/common';
import type { StepRequest } from '@zooid/runtime';
import type { ProgramSource, StepPlan } from './program-source.js';
import type { TrainOptions, TrainResult } from './train-options.js';
import { TrainingRun } from './training-run.js';

/**
 * Trains a session until its source has no more steps or the selection metric stops improving. Afterwards the session
 * holds the best weights (or the last, without `select`), and the run folder holds checkpoints, record and report.
 *
 * A run that was killed at any moment and resumed ends with the same weights, bit for bit, as one that was not. A run
 * that had finished returns its result at once, so that jobs of several stages can be resumed by running them again.
 *
 * @throws DivergenceError when loss or gradients stop being finite; ResumeMismatchError when the configuration
 * changed since the checkpoint; AbortError after saving a checkpoint when `signal` fires.
 */
export async function train(options: TrainOptions): Promise<TrainResult> {
  const run = await TrainingRun.open(options);
  try {
    await loop(options, run);
    return await run.finish();
  } catch (error) {
    await run.fail(error);
    throw error;
  }
}

async function loop({ session, source, clipNorm, signal }: TrainOptions, run: TrainingRun): Promise<void> {
  let next: Promise<StepPlan> | undefined;
  for (;;) {
    if (signal?.aborted) {
      await run.checkpoint();
      throw new AbortError(`Training was stopped after step ${run.step}; resume to continue`, { cause: signal.reason });
    }
    if (run.evaluationDue) await run.evaluate();
    if (run.over) return;

    const step = run.step + 1;
    const plan = await (next ?? prepare(source, step));
    const running = session.step(stepRequest(plan, step, clipNorm));
    // Collates the next batch while the worker computes, unless it depends on this step's result.
    next = source.observe === undefined && step < source.totalSteps ? prepare(source, step + 1) : undefined;
    const result = await running;
    await source.observe?.(step, plan, result);
    await run.completeStep(step, plan, result);
  }
}

function prepare(source: ProgramSource, step: number): Promise<StepPlan> {
  const plan = (async () => source.plan(step))();
  plan.catch(() => {}); // reported where it is awaited, also when the step before it fails first
  return plan;
}

function stepRequest(plan: StepPlan, step: number, clipNorm: number | undefined): StepRequest {
  return {
    step,
    microBatches: plan.microBatches.map(({ program, feeds, weight }) => ({ program, feeds, weight })),
    learningRates: plan.learningRates,
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(plan.scalars === undefined ? {} : { scalars: plan.scalars }),
    ...(plan.fetch === undefined ? {} : { fetch: plan.fetch }),
  };
}
