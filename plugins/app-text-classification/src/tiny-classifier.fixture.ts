import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encoderFamily, sequenceClassificationHead } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { Random } from '@zooid/tensor';
import { tinyFolderContent, untrainedWeights } from '@zooid/testing';
import { newTokenizerFiles, tokenizerFromVocab } from '@zooid/tokenizers';
import { compileInference, type ModelBuilder, type PreparedTask } from '@zooid/trainer';
import type { ClassifiedExample } from './example.js';
import { textClassificationTask } from './text-classification-task.js';

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

const example = (text: string, ...labels: string[]): ClassifiedExample => ({ text, labels });

export const tinyExamples: readonly ClassifiedExample[] = [
  example('物流很快，包装也好', 'Positive'),
  example('质量好，还会再来', 'Positive'),
  example('a fine phone', 'Positive'),
  example('用了两天就坏了', 'Negative'),
  example('音质很差，退货', 'Negative'),
  example('broken after a day 😀', 'Negative'),
];

/** The task on the examples above; options as in a recipe. */
export function prepareTiny(
  options: Record<string, unknown> = {},
  examples: readonly ClassifiedExample[] = tinyExamples,
  encoderConfig: Readonly<Record<string, unknown>> = tinyEncoder,
): Promise<PreparedTask> {
  return textClassificationTask.prepare(examples, {
    options: { maxLength: 24, tokenizer: { vocabSize: 200 }, ...options },
    encoderConfig,
    resources: {},
    random: new Random(1),
  });
}

/** What training writes into a model folder. */
export const tinyContent = (task: PreparedTask) =>
  tinyFolderContent(task, { id: 'tiny-classifier', app: 'text-classification' });

const words = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'fine', 'film', 'dull', 'and', 'long', '##er', '.'];

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
  };
  const family = encoderFamily(encoderConfig);
  const parsed = family.parse(encoderConfig);
  const id2label = (config.id2label ?? { 0: 'NEGATIVE', 1: 'POSITIVE' }) as Record<string, string>;
  const build: ModelBuilder = (context) => ({
    outputs: {
      logits: sequenceClassificationHead(context, parsed, family.build(context, parsed), Object.keys(id2label).length),
    },
  });
  await mkdir(join(folder, 'onnx'), { recursive: true });
  await writeFile(
    join(folder, 'onnx/model.onnx'),
    writeModel(compileInference({ build, outputs: ['logits'], weights: untrainedWeights(build) })),
  );
  const architectures = ['DistilBertForSequenceClassification'];
  await writeFile(
    join(folder, 'config.json'),
    JSON.stringify({ ...encoderConfig, architectures, id2label, ...config }),
  );
  for (const [name, content] of newTokenizerFiles(tokenizerFromVocab(words), { maxLength: 512 })) {
    await writeFile(join(folder, name), content);
  }
}
