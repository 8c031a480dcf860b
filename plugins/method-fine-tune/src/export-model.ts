import { join } from 'node:path';
import { goldenFile, resealModelFolder, writeFileAtomically, writeModelFolder } from '@zooid/hub';
import { cardOf, manifestOf } from '@zooid/method-kit';
import { writeModel } from '@zooid/onnx';
import type { TrainingSession } from '@zooid/runtime';
import type { Metrics, TrainingContext, TrainingJob } from '@zooid/spec';
import { compileInference, type PreparedTask, type TrainingTask, type TrainResult, taskModel } from '@zooid/trainer';
import { checkExport, evaluateExport, goldenCases } from './check-export.js';
import { graphFile, openExport } from './open-export.js';
import type { PreparedJob } from './prepare.js';

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
  const { parameters: weights } = await session.exportState({ moments: false });
  const graph = compileInference({
    build: taskModel(task, prepared.encoder, { loss: false }),
    outputs: task.outputs,
    weights,
  });
  const manifest = manifestOf(job, 'fine-tune');
  await writeModelFolder(job.output, {
    config: { ...task.config, ...calibration },
    weights,
    files: new Map([...task.files, [graphFile, writeModel(graph)]]),
    manifest,
    card: cardOf(job, manifest, request.trained),
  });

  await using model = await openExport(job.output, manifest.id);
  await checkExport(model, prepared, session);
  context.progress({ type: 'stage', name: 'evaluate' });
  const restored: PreparedTask = await request.trainingTask.restore(job.output, job.appOptions);
  const metrics = await evaluateExport(model, restored, request);
  const golden = await goldenCases(model, restored, request);
  await writeFileAtomically(join(job.output, goldenName), [Buffer.from(goldenFile(golden))]);
  const sealed = await resealModelFolder(job.output, { metrics: metrics.bySplit, golden: goldenName });
  await writeFileAtomically(join(job.output, 'README.md'), [Buffer.from(cardOf(job, sealed, request.trained))]);
  return metrics.summary;
}
