import { AbortError } from '@zooid/common';
import {
  IsInt,
  IsOptional,
  type Method,
  Method as MethodToken,
  Min,
  type Plugin,
  type TrainingContext,
  type TrainingJob,
} from '@zooid/spec';
import { pluginOf } from './plugin-of.js';

/** Options of the fake method. */
export class FakeTrainOptions {
  @IsOptional()
  @IsInt()
  @Min(1)
  epochs = 3;
}

export interface FakeMethod extends Method<FakeTrainOptions> {
  /** Jobs it was given. */
  readonly jobs: readonly TrainingJob[];
  /** Publishes this method. */
  readonly plugin: Plugin;
}

/** A method that counts training records instead of training. */
export function fakeMethod(options: { readonly name?: string; readonly misfit?: string } = {}): FakeMethod {
  const name = options.name ?? 'fine-tune';
  const jobs: TrainingJob[] = [];
  const method: Method<FakeTrainOptions> & { jobs: readonly TrainingJob[] } = {
    name,
    description: 'Counts records',
    options: FakeTrainOptions,
    jobs,
    misfit: () => options.misfit,
    async run(job: TrainingJob, context: TrainingContext) {
      AbortError.throwIfAborted(context.signal);
      jobs.push(job);
      let records = 0;
      for await (const _ of job.data.train.records(context.signal)) records++;
      const metrics = { records };
      context.progress({ type: 'done', output: job.output, metrics, seconds: 0 });
      return { output: job.output, metrics };
    },
  };
  return Object.assign(method, { plugin: pluginOf<Method>(`method-${name}`, MethodToken, method as Method) });
}
