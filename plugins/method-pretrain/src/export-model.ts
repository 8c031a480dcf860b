import { basename } from 'node:path';
import type { Metrics } from '@zooid/common';
import { type ManifestFields, writeModelFolder } from '@zooid/hub';
import type { TrainingSession } from '@zooid/runtime';
import type { TrainingContext, TrainingJob } from '@zooid/spec';
import type { TrainResult } from '@zooid/trainer';
import type { PreparedJob } from './prepare.js';

export interface ExportRequest {
  readonly job: TrainingJob;
  readonly prepared: PreparedJob;
  /** Holds the weights to export. */
  readonly session: TrainingSession;
  readonly trained: TrainResult;
  readonly metrics: Metrics;
  readonly context: TrainingContext;
}

/** Writes the model folder: config, tokenizer, weights, card. */
export async function exportModel({ job, prepared, session, metrics, context }: ExportRequest): Promise<void> {
  context.progress({ type: 'stage', name: 'export', detail: job.output });
  const { parameters: weights } = await session.exportState({ moments: false });
  const manifest: ManifestFields = {
    id: basename(job.output),
    app: job.app.name,
    method: 'pretrain',
    recipe: job.recipe,
    data: [],
    seeds: [job.seed],
    metrics: { validation: metrics },
    createdWith: { node: process.version },
  };
  await writeModelFolder(job.output, {
    config: prepared.modelConfig,
    weights,
    files: new Map([['tokenizer.json', `${JSON.stringify(prepared.tokenizer.toJSON(), null, 1)}\n`]]),
    manifest,
    card: '',
  });
}
