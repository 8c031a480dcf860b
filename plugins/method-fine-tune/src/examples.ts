import { AbortError, type Issue, ValidationError } from '@zooid/common';
import type { DataSplit, TrainingJob } from '@zooid/spec';
import type { TrainingTask } from '@zooid/trainer';

/** Parsed examples of a job. */
export interface JobExamples {
  readonly train: readonly unknown[];
  readonly validation: readonly unknown[];
  readonly test: readonly unknown[];
}

/** Bad lines are listed up to this many; one usually explains the rest. */
const issueLimit = 20;

export interface ReadExamplesOptions {
  readonly task: TrainingTask;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads and checks every line of every split before anything is trained.
 * @throws ValidationError naming file, line and field of up to 20 bad lines, or a split without examples.
 */
export async function readExamples(job: TrainingJob, options: ReadExamplesOptions): Promise<JobExamples> {
  const issues: Issue[] = [];
  const read = (split: DataSplit | undefined) => (split === undefined ? [] : readSplit(split, job, options, issues));
  const train = await read(job.data.train);
  const validation = await read(job.data.validation);
  const test = await read(job.data.test);
  if (issues.length > 0) {
    const shown = issues.slice(0, issueLimit);
    const more = issues.length > issueLimit ? [{ path: '', message: 'and more' }] : [];
    throw new ValidationError('The data cannot be used for training', [...shown, ...more]);
  }
  if (train.length === 0)
    throw new ValidationError('The data cannot be used for training', [
      { path: '', message: 'the training split is empty' },
    ]);
  return { train, validation, test };
}

async function readSplit(
  split: DataSplit,
  job: TrainingJob,
  options: ReadExamplesOptions,
  issues: Issue[],
): Promise<unknown[]> {
  const examples: unknown[] = [];
  try {
    for await (const { record, origin } of split.records(options.signal)) {
      AbortError.throwIfAborted(options.signal);
      try {
        examples.push(options.task.parse(record, job.appOptions));
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        for (const { path, message } of error.issues)
          issues.push({ path: '', message: `${origin}: ${path} ${message}` });
        if (issues.length > issueLimit) break;
      }
    }
  } catch (error) {
    // A line that is not even a record ends its split; what came before has been checked.
    if (!(error instanceof ValidationError)) throw error;
    issues.push({ path: '', message: error.message });
  }
  return examples;
}
