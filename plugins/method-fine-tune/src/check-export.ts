import type { ManifestFields, MetricEntry } from '@zooid/hub';
import type { Precision } from '@zooid/method-kit';
import type { TrainingSession } from '@zooid/runtime';
import { type Metrics, type Model, ModelError } from '@zooid/spec';
import { allClose, relativeL2 } from '@zooid/tensor';
import { evaluateTask, metricIntervals, type PreparedTask } from '@zooid/trainer';
import type { ExportRequest } from './export-model.js';
import type { FineTuneOptions } from './options.js';
import type { PreparedJob } from './prepare.js';

/**
 * Largest difference between the exported graph and the training graph: rounding. It is for every score, or, because single
 * ones differ by more where weights are stored in half and scores are large, for the whole output relative to its norm.
 */
const tolerances: Readonly<Record<Precision, number>> = { float32: 1e-4, float16: 2e-2 };
/** Examples compared. */
const compared = 8;

/** Compares the exported graph with the training graph on a few examples. @throws ModelError naming the output that differs. */
export async function checkExport(
  model: Model,
  prepared: PreparedJob,
  session: TrainingSession,
  precision: Precision,
): Promise<void> {
  const tolerance = tolerances[precision];
  const { task, features, programs, random } = prepared;
  const rows = [...features.validation, ...features.train].slice(0, compared);
  const labelled = programs.evaluate.loss !== undefined;
  const feeds = task.collate(rows, { training: false, labels: labelled, random: random.fork('check') });
  const expected = await session.evaluate(programs.evaluate.name, feeds, task.outputs);
  const served = Object.fromEntries(task.inputs.map((name) => [name, feeds[name]!]));
  const actual = await model.forward(served, { outputs: task.outputs });
  for (const name of task.outputs) {
    const [got, wanted] = [actual[name]!, expected[name]!];
    const difference = relativeL2(got, wanted);
    if (!(difference <= tolerance) && !allClose(got, wanted, { rtol: tolerance, atol: tolerance })) {
      throw new ModelError(
        model.artifacts.id,
        `The exported graph differs from the trained one by ${difference.toPrecision(2)} of the norm of the output '${name}', more than ${tolerance}; the export cannot be trusted. The checkpoints are kept: going on with the run exports again`,
      );
    }
  }
}

/** Metrics of the exported model on the held-out splits, with bootstrap intervals. */
export async function evaluateExport(
  model: Model,
  task: PreparedTask,
  { job, prepared, trained, context }: ExportRequest,
): Promise<{ readonly bySplit: ManifestFields['metrics']; readonly summary: Metrics }> {
  const options = job.options as FineTuneOptions;
  const bySplit: Record<string, Readonly<Record<string, MetricEntry>>> = {};
  let summary: Metrics = {};
  for (const split of ['validation', 'test'] as const) {
    const examples = prepared.examples[split];
    if (examples.length === 0) continue;
    const { answers, metrics } = await evaluateTask({
      task,
      examples,
      features: examples.map((example) => task.featurize(example)),
      forward: (feeds, fetch) => model.forward(feeds, { outputs: fetch }),
      batchSize: options.batchSize,
      maxTokensPerBatch: options.maxTokensPerBatch,
      random: prepared.random.fork('evaluate', split),
      signal: context.signal,
    });
    const rows = answers.map((answer, i) => ({ answer, example: examples[i] }));
    const intervals = metricIntervals(
      (drawn) =>
        task.metrics(
          drawn.map(({ answer }) => answer),
          drawn.map(({ example }) => example),
        ),
      rows,
      { samples: options.bootstrap, random: prepared.random.fork('intervals', split) },
    );
    bySplit[split] = Object.fromEntries(
      Object.entries(intervals).filter(([, entry]) => Number.isFinite(typeof entry === 'number' ? entry : entry.value)),
    );
    summary = metrics;
    context.progress({ type: 'evaluation', step: trained.best?.step ?? trained.steps, split, metrics, best: true });
  }
  return { bySplit, summary };
}
