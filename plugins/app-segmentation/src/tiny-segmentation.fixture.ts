import { writeModelFolder } from '@zooid/hub';
import { parseEncoderConfig } from '@zooid/nn';
import { Random } from '@zooid/tensor';
import { tinyFolderContent } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { parseExample, type SegmentationExample } from './example.js';
import { parseOptions } from './segmentation-config.js';
import { segmentationTask } from './segmentation-task.js';

/** An encoder whose forward pass takes a millisecond. */
export const tinyEncoder = {
  model_type: 'bert',
  ...parseEncoderConfig({
    vocab_size: 200,
    hidden_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    intermediate_size: 32,
    max_position_embeddings: 32,
  }),
};

/** As a data file has them: `/` between fine words, `|` where a coarse word ends as well. */
const marked = [
  '这|是|一家|移动/互联网|公司',
  '我|在|移动/互联网|公司|上班',
  '电视/机|和|电脑',
  '他|买|了|电视/机|。',
  '加速/度|不同|，|结果|也|不|一样|。',
  '这|是|3.14|和|2020|年',
  'Windows|98|是|一家|公司|的|😀',
  '王|先生|在|北京/大学|。',
];

/** Records with fine and coarse words; white space in the text alone. */
export const tinyRecords = marked.map((line) => {
  const words = line.split(/[/|]/);
  const coarse = line.split('|').map((word) => word.replaceAll('/', ''));
  return { text: words.join('').replace('Windows98', 'Windows 98'), words, coarse };
});

const smallOptions = { maxUnits: 24, heads: 2, tokenizer: { vocabSize: 200 } };
const smallBigrams = { size: 8, minCount: 1 };

export const tinyExamples: readonly SegmentationExample[] = tinyRecords.map((record) =>
  parseExample(record, parseOptions({})),
);

/** The task on the records above; options as in a recipe. */
export function prepareTiny(
  { bigrams = {}, ...options }: Record<string, unknown> = {},
  records: readonly unknown[] = tinyRecords,
  resources: Readonly<Record<string, string>> = {},
): Promise<PreparedTask> {
  const all = { ...smallOptions, ...options, bigrams: { ...smallBigrams, ...(bigrams as object) } };
  const examples = records.map((record) => segmentationTask.parse(record, all));
  return segmentationTask.prepare(examples, {
    options: all,
    encoderConfig: tinyEncoder,
    resources,
    random: new Random(1),
  });
}

/** A model folder as training leaves it. */
export async function writeTinyFolder(folder: string, task: PreparedTask): Promise<void> {
  await writeModelFolder(folder, tinyFolderContent(task, { id: 'tiny-segmentation', app: 'segmentation' }));
}
