import { writeModelFolder } from '@zooid/hub';
import { parseEncoderConfig } from '@zooid/nn';
import { Random } from '@zooid/tensor';
import { tinyFolderContent } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import type { IntentExample } from './example.js';
import { intentTask } from './intent-task.js';

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

const slot = (text: string, value: string, type: string) => {
  const start = [...text.slice(0, text.indexOf(value))].length;
  return { type, value, start, end: start + [...value].length };
};
const example = (text: string, label: string, value?: string, type = 'song'): IntentExample => ({
  text,
  labels: [label],
  slots: value === undefined ? [] : [slot(text, value, type)],
});

/** Two songs (one title ends in the other), a city, and texts about none of them. */
export const tinyExamples: readonly IntentExample[] = [
  example('想听说不出的秘密', 'music', '说不出的秘密'),
  example('放说不出的秘密', 'music', '说不出的秘密'),
  example('来一首秘密', 'music', '秘密'),
  example('我要听秘密', 'music', '秘密'),
  example('北京天气怎么样', 'weather', '北京', 'city'),
  example('明天北京下雨吗', 'weather', '北京', 'city'),
  example('play jay chou', 'music', 'jay chou', 'singer'),
  example('some jay chou please', 'music', 'jay chou', 'singer'),
  example('我不想说出这个事', 'chat'),
  example('你好 😀', 'chat'),
];

const smallOptions = { maxLength: 24, tokenizer: { vocabSize: 200 } };
const smallFusion = { slotSize: 8, sharedSize: 8, heads: 2 };

/** The task on the examples above; `fusion` and other options as in a recipe. */
export function prepareTiny(
  { fusion = {}, ...options }: Record<string, unknown> = {},
  examples: readonly unknown[] = tinyExamples,
): Promise<PreparedTask> {
  return intentTask.prepare(examples, {
    options: { ...smallOptions, ...options, fusion: { ...smallFusion, ...(fusion as object) } },
    encoderConfig: tinyEncoder,
    resources: {},
    random: new Random(1),
  });
}

/** A model folder as training leaves it. */
export async function writeTinyFolder(folder: string, task: PreparedTask): Promise<void> {
  await writeModelFolder(folder, tinyFolderContent(task, { id: 'tiny-intent', app: 'intent' }));
}
