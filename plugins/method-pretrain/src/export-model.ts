import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { goldenFile, resealModelFolder, runFolder, writeFileAtomically, writeModelFolder } from '@zooid/hub';
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
import { compileInference, type TrainResult } from '@zooid/trainer';
import { bagPath } from './bag-of-words.js';
import { everyPositionModel } from './masked-lm.js';
import type { PretrainOptions } from './options.js';
import type { PreparedJob } from './prepare.js';

const goldenName = 'golden.json';
/** Tokens of a golden text before its mask. */
const goldenTokens = 12;

export interface ExportRequest {
  readonly job: TrainingJob;
  readonly prepared: PreparedJob;
  /** Holds the weights to export. */
  readonly session: TrainingSession;
  readonly trained: TrainResult;
  readonly metrics: Metrics;
  readonly context: TrainingContext;
}

/** Writes the model folder, then answers a few masked texts from it, which become its golden examples. */
export async function exportModel(request: ExportRequest): Promise<void> {
  const { job, prepared, session, trained, metrics, context } = request;
  context.progress({ type: 'stage', name: 'export', detail: job.output });
  const state = await session.exportState({ moments: false });
  const parameters = new Map([...state.parameters].filter(([name]) => !name.startsWith(`${bagPath}.`)));
  const { weights: precision, graph: keepsGraph } = job.options as PretrainOptions;
  const graph = compileInference({
    build: (module) => everyPositionModel(module, prepared.config),
    outputs: ['logits'],
    weights: parameters,
  });
  const model = storedGraph(graph, precision);
  const weights = storedWeights(parameters, precision);
  const manifest = {
    ...manifestOf(job, 'pretrain'),
    metrics: prepared.validation === undefined ? {} : { validation: metrics },
  };
  const files = new Map<string, string | Uint8Array>([
    ...prepared.tokenizerFiles,
    ...(keepsGraph ? [[graphFiles[precision], model] as const] : []),
  ]);
  const card = (fields: typeof manifest) =>
    cardOf(job, fields, trained, `… ${prepared.tokenizer.specialTokens.mask} …`);
  await writeModelFolder(job.output, { config: prepared.modelConfig, weights, files, manifest, card: card(manifest) });

  // A folder that keeps no graph still answers its golden texts from one.
  const graphFile = keepsGraph ? graphFiles[precision] : join(runFolder, 'model.onnx');
  if (!keepsGraph) await writeFileAtomically(join(job.output, graphFile), [model]);
  const golden = await goldenCases(request, manifest.id, graphFile);
  if (!keepsGraph) await rm(join(job.output, graphFile));
  await writeFileAtomically(join(job.output, goldenName), [Buffer.from(goldenFile(golden))]);
  const sealed = await resealModelFolder(job.output, { golden: goldenName });
  await writeFileAtomically(join(job.output, 'README.md'), [Buffer.from(card({ ...manifest, ...sealed }))]);
}

/** The app's answers to pieces of the validation text that end in a mask. */
async function goldenCases({ job, prepared }: ExportRequest, id: string, graphFile: string) {
  const { tokenizer, validation, train } = prepared;
  const store = validation ?? train;
  const items = Array.from({ length: 4 }, (_, i) => {
    const from = Math.floor(((store.length - goldenTokens) * i) / 4);
    const words = Array.from(store.read(from, goldenTokens).ids, (token) => tokenizer.tokenOf(token));
    return { text: `${joinTokens(words.filter((word) => !word.startsWith('[')))}${tokenizer.specialTokens.mask}` };
  });
  await using model = await openExport(job.output, id, graphFile);
  return await goldenAnswers(job.app, model, items); // the model lives until it is answered
}

/** Tokens as text that gives the same tokens again: pieces joined, words apart. */
function joinTokens(tokens: readonly string[]): string {
  return tokens
    .map((token) => (token.startsWith('##') ? token.slice(2) : ` ${token}`))
    .join('')
    .trim();
}
