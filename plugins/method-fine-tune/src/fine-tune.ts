import { capabilityOf } from '@zooid/common';
import {
  type App,
  injectable,
  type Method,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
} from '@zooid/spec';
import { TrainingTask } from '@zooid/trainer';
import { FineTuneOptions } from './options.js';
import { runJob } from './run-job.js';

/** Trains all parameters (but frozen ones) of any app that offers a `TrainingTask`, from a base model or from scratch. */
@injectable()
export class FineTune implements Method<FineTuneOptions> {
  readonly name = 'fine-tune';
  readonly description = 'Trains every parameter of any trainable app, from a base model or from scratch';
  readonly options = FineTuneOptions;

  misfit(app: App): string | undefined {
    return capabilityOf(app, TrainingTask) === undefined
      ? `it does not offer the capability '${TrainingTask.key.description}'`
      : undefined;
  }

  run(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
    return runJob(job, context);
  }
}
