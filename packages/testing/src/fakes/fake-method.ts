import { mkdir } from 'node:fs/promises';
import { AbortError } from '@zooid/common';
import {
  type App,
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

/** A method that counts training records instead of training, and leaves an empty folder. */
export function fakeMethod(
  options: { readonly name?: string; readonly misfit?: (app: App) => string | undefined } = {},
): FakeMethod {
  const name = options.name ?? 'fine-tune';
  const jobs: TrainingJob[] = [];
  const method: Method<FakeTrainOptions> & { jobs: readonly TrainingJob[] } = {
    name,
    description: 'Counts records',
    options: FakeTrainOptions,
    jobs,
    misfit: (app) => options.misfit?.(app),
    async run(job: TrainingJob, context: TrainingContext) {
      AbortError.throwIfAborted(context.signal);
      jobs.push(job);
      let records = 0;
      for await (const _ of job.data.train.records(context.signal)) records++;
      await mkdir(job.output, { recursive: true });
      const metrics = { records };
      context.progress({ type: 'done', output: job.output, metrics, seconds: 0 });
      return { output: job.output, metrics };
    },
  };
  return Object.assign(method, { plugin: pluginOf<Method>(`method-${name}`, MethodToken, method as Method) });
}
