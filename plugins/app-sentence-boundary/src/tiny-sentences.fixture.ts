import { writeModelFolder } from '@zooid/hub';
import { parseEncoderConfig } from '@zooid/nn';
import { Random } from '@zooid/tensor';
import { tinyFolderContent } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { parseExample, type SentenceExample } from './example.js';
import { sentenceBoundaryTask } from './sentence-boundary-task.js';
import { parseOptions } from './sentence-config.js';

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

/** Every form that a record may have. */
export const tinyRecords = [
  { input: '你好请打开空调谢谢', labels: '_，____。_！' },
  { input: '他说“好的”然后走了', labels: '_：__。____。' },
  { queries: ['打开空调', '明天天气怎么样？', '播放 Yellow 3.14 次。'] },
  { turns: ['在吗？', { speaker: 'usr', text: '在的，怎么了？' }] },
  { text: '苹果、香蕉和梨，都好吃！😀真的。' },
  { text: '明天天气怎么样' },
];

const smallOptions = { maxUnits: 24, tokenizer: { vocabSize: 200 } };

export const tinyExamples: readonly SentenceExample[] = tinyRecords.map((record) =>
  parseExample(record, parseOptions({}).fields),
);

/** The task on the records above; options as in a recipe. */
export async function prepareTiny(
  options: Record<string, unknown> = {},
  records: readonly unknown[] = tinyRecords,
  encoderConfig: Readonly<Record<string, unknown>> = tinyEncoder,
): Promise<PreparedTask> {
  const all = { ...smallOptions, ...options };
  const examples = records.map((record) => sentenceBoundaryTask.parse(record, all));
  return sentenceBoundaryTask.prepare(examples, {
    options: all,
    encoderConfig,
    resources: {},
    random: new Random(1),
  });
}

/** A model folder as training leaves it, untrained. */
export async function writeTinyFolder(folder: string, task: PreparedTask): Promise<void> {
  await writeModelFolder(folder, tinyFolderContent(task, { id: 'tiny-sentences', app: 'sentence-boundary' }));
}
