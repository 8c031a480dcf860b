import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encoderFamily, tokenClassificationHead } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { Random } from '@zooid/tensor';
import { tinyFolderContent, untrainedWeights } from '@zooid/testing';
import { newTokenizerFiles, tokenizerFromVocab } from '@zooid/tokenizers';
import { compileInference, type ModelBuilder, type PreparedTask } from '@zooid/trainer';
import { tokenClassificationTask } from './token-classification-task.js';
import type { TaggedText } from './token-records.js';

/** An encoder whose forward pass takes a millisecond. */
export const tinyEncoder = {
  model_type: 'bert',
  vocab_size: 200,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 32,
};

/** `[who:小明]去了`: a text with its spans in brackets, each after its type and a colon. */
export function tagged(marked: string): TaggedText {
  const entities: { type: string; start: number; end: number }[] = [];
  let text = '';
  for (const part of marked.split(/(\[[^\]]+\])/)) {
    const span = /^\[(\w+):(.*)\]$/.exec(part);
    if (span !== null) entities.push({ type: span[1]!, start: text.length, end: text.length + span[2]!.length });
    text += span === null ? part : span[2]!;
  }
  return { text, entities };
}

export const tinyExamples: readonly TaggedText[] = [
  tagged('[who:小明]去[where:北京]了'),
  tagged('[who:王]在[where:上海]'),
  tagged('[who:李四][who:小明]在[where:南京路]'),
  tagged('今天很好'),
  tagged('[who:Anna] is in [where:New York] 😀'),
];

/** The task on the examples above; options as in a recipe. */
export function prepareTiny(
  options: Record<string, unknown> = {},
  examples: readonly TaggedText[] = tinyExamples,
  encoderConfig: Readonly<Record<string, unknown>> = tinyEncoder,
): Promise<PreparedTask> {
  return tokenClassificationTask.prepare(examples, {
    options: { maxLength: 24, tokenizer: { vocabSize: 200 }, ...options },
    encoderConfig,
    resources: {},
    random: new Random(1),
  });
}

/** What training writes into a model folder. */
export const tinyContent = (task: PreparedTask) =>
  tinyFolderContent(task, { id: 'tiny-tagger', app: 'token-classification' });

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'anna', 'went', 'to', 'new', 'york', 'with', '##er', '.'];

/**
 * A folder as it lies on the Hub: a graph of another library without segments, DistilBERT's config, labels, nothing of
 * ours.
 */
export async function writeHubFolder(folder: string, config: Readonly<Record<string, unknown>> = {}): Promise<void> {
  const encoderConfig = {
    model_type: 'distilbert',
    vocab_size: words.length,
    dim: 16,
    n_layers: 1,
    n_heads: 2,
    hidden_dim: 32,
    max_position_embeddings: 16,
  };
  const family = encoderFamily(encoderConfig);
  const parsed = family.parse(encoderConfig);
  const id2label = { 0: 'O', 1: 'B-PER', 2: 'I-PER', 3: 'B-LOC', 4: 'I-LOC' };
  const build: ModelBuilder = (context) => ({
    outputs: { logits: tokenClassificationHead(context, parsed, family.build(context, parsed).lastHiddenState, 5) },
  });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(
    join(folder, 'onnx/model.onnx'),
    writeModel(compileInference({ build, outputs: ['logits'], weights: untrainedWeights(build) })),
  );
  const architectures = ['DistilBertForTokenClassification'];
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...encoderConfig, architectures, id2label, ...config }),
  );
  for (const [name, content] of newTokenizerFiles(tokenizerFromVocab(words), { maxLength: 16 })) {
    await writeFile(join(folder, name), content);
  }
}
