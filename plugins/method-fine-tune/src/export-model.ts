import { dirname, join, resolve } from 'node:path';
import { goldenFile, readManifest, resealModelFolder, writeFileAtomically, writeModelFolder } from '@zooid/hub';
import {
  cardOf,
  goldenAnswers,
  graphFiles,
  manifestOf,
  openExport,
  storedGraph,
  storedWeights,
} from '@zooid/method-kit';
import type { TrainingSession } from '@zooid/runtime';
import type { Metrics, TrainingContext, TrainingJob } from '@zooid/spec';
import { compileInference, type PreparedTask, type TrainingTask, type TrainResult, taskModel } from '@zooid/trainer';
import { checkExport, evaluateExport } from './check-export.js';
import type { FineTuneOptions } from './options.js';
import type { PreparedJob } from './prepare.js';
import { type AdapterFiles, adapterFiles } from './tuning/adapter-files.js';
import type { Weights } from './tuning/tuning.js';

const goldenName = 'golden.json';

export interface ExportRequest {
  readonly job: TrainingJob;
  readonly prepared: PreparedJob;
  /** Holds the weights to export. */
  readonly session: TrainingSession;
  readonly trainingTask: TrainingTask;
  /** How training went. */
  readonly trained: TrainResult;
  /** Config overrides from the task's calibration. */
  readonly calibration: Readonly<Record<string, unknown>>;
  readonly context: TrainingContext;
}

/**
 * Writes the model folder, then opens it as a server would: the check against the training graph, the metrics and the
 * golden examples all come from the exported files.
 *
 * @returns the test metrics, or the validation metrics when there is no test split.
 */
export async function exportModel(request: ExportRequest): Promise<Metrics> {
  const { job, prepared, session, calibration, context } = request;
  const { task } = prepared;
  context.progress({ type: 'stage', name: 'export', detail: job.output });
  const { parameters: trainedWeights } = await session.exportState({ moments: false });
  const weights = prepared.tuning.fold(trainedWeights);
  const graph = compileInference({
    build: taskModel(prepared.network, prepared.plainEncoder, { loss: false }),
    outputs: task.outputs,
    weights,
  });
  const { weights: precision } = job.options as FineTuneOptions;
  const graphFile = graphFiles[precision];
  const manifest = manifestOf(job, 'fine-tune');
  await writeModelFolder(job.output, {
    config: { ...prepared.modelConfig, ...calibration },
    weights: storedWeights(weights, precision),
    files: new Map([
      ...task.files,
      [graphFile, storedGraph(graph, precision)],
      ...savedAdapter(job, prepared, trainedWeights),
    ]),
    manifest,
    card: cardOf(job, manifest, request.trained),
  });

  await using model = await openExport(job.output, manifest.id, graphFile);
  await checkExport(model, prepared, session, precision);
  context.progress({ type: 'stage', name: 'evaluate' });
  const restored: PreparedTask = await request.trainingTask.restore(job.output, job.appOptions);
  const metrics = await evaluateExport(model, restored, request);
  const { validation, train } = prepared.examples;
  const golden = await goldenAnswers(job.app, model, restored.goldenItems([...validation, ...train]));
  await writeFileAtomically(join(job.output, goldenName), [Buffer.from(goldenFile(golden))]);
  const sealed = await resealModelFolder(job.output, { metrics: metrics.bySplit, golden: goldenName });
  await writeFileAtomically(join(job.output, 'README.md'), [Buffer.from(cardOf(job, sealed, request.trained))]);
  await joinParent(job.output);
  return metrics.summary;
}

/** A result within the folder of another model, as a student's, becomes a part of that model. */
async function joinParent(output: string): Promise<void> {
  const parent = dirname(resolve(output));
  if ((await readManifest(parent)) !== undefined) await resealModelFolder(parent);
}

/** The low-rank updates by themselves, where they were asked for. */
function savedAdapter({ app, base, options }: TrainingJob, prepared: PreparedJob, weights: Weights): AdapterFiles {
  const { lora } = options as FineTuneOptions;
  if (lora === undefined || !lora.save || base === undefined) return new Map();
  const { tuning, linearLayers, parameters } = prepared;
  const whole = parameters.filter(({ name, group }) => group !== undefined && !tuning.adds(name));
  return adapterFiles({
    plan: tuning.lora,
    layers: linearLayers,
    dropout: lora.dropout,
    weights,
    whole: whole.map(({ name }) => name),
    base: base.id,
    task: app.task,
  });
}
