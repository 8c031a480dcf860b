import {
  type App,
  injectable,
  type Method,
  type TrainingContext,
  type TrainingJob,
  type TrainingResult,
} from '@zooid/spec';
import { PretrainOptions } from './options.js';
import { runJob } from './run-job.js';

/**
 * Masked language modelling on running text, from scratch or onward from a model: what makes a backbone.
 *
 * @see Devlin et al. 2019, "BERT"; Liu et al. 2019, "RoBERTa" (dynamic masking, full sentences, no next-sentence task)
 */
@injectable()
export class Pretrain implements Method<PretrainOptions> {
  readonly name = 'pretrain';
  readonly description = 'Pre-trains an encoder on running text by masked language modelling';
  readonly options = PretrainOptions;

  misfit(app: App): string | undefined {
    return app.task === 'fill-mask' ? undefined : "it answers no 'fill-mask' task, which is what pre-training teaches";
  }

  run(job: TrainingJob, context: TrainingContext): Promise<TrainingResult> {
    return runJob(job, context);
  }
}
