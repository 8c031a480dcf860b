import backendOnnx from '@zooid/backend-onnx';
import datasetJsonl from '@zooid/dataset-jsonl';
import type { Kernel } from '@zooid/kernel';
import fineTune from '@zooid/method-fine-tune';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { RecipeFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';

const people = ['小明', '王五', '李四', '赵六', '大刘'];
const places = ['北京', '上海', '南京路', '广州', '西湖'];
const sentences = ['{who}去{where}了', '在{where}见{who}', '{who}和{who}很好', '今天去{where}', '天气很好'];

let folder: RecipeFolder;
let kernel: Kernel;
beforeAll(async () => {
  const random = new Random(7);
  const sentence = () => {
    const entities: object[] = [];
    let text = '';
    for (const part of random.choice(sentences).split(/(\{\w+\})/)) {
      const type = /^\{(\w+)\}$/.exec(part)?.[1];
      const value = type === undefined ? part : random.choice(type === 'who' ? people : places);
      if (type !== undefined) entities.push({ type, start: text.length, end: text.length + value.length, value });
      text += value;
    }
    return { text, entities };
  };
  const data = Object.fromEntries(
    Object.entries({ train: 96, dev: 24, test: 24 }).map(([name, count]) => [
      name,
      Array.from({ length: count }, sentence),
    ]),
  );
  const recipe = `app: token-classification
options: { maxLength: 16, tokenizer: { vocabSize: 128 } }
data: { train: train.jsonl, validation: dev.jsonl, test: test.jsonl }
encoder: { preset: tiny, hidden_size: 32, num_hidden_layers: 1, intermediate_size: 64, max_position_embeddings: 32 }
train: { epochs: 8, batchSize: 16, learningRate: 5.0e-3, bootstrap: 0, threads: 1, metric: f1 }
seed: 1
`;
  folder = await RecipeFolder.create({
    plugins: [storeLocal, backendOnnx, datasetJsonl, fineTune, plugin],
    recipe,
    data,
  });
  kernel = folder.kernel;
});
afterAll(() => folder?.[Symbol.asyncDispose]());

it('learns a recipe from scratch, goes on from its folder, and serves what it scored', {
  timeout: 120_000,
}, async () => {
  const scratch = await folder.train('scratch', []);
  expect(scratch.metrics).toMatchObject({ f1: 1, 'f1/who': 1, 'f1/where': 1 });

  // With another head on the same encoder: a conditional random field over another scheme.
  const others = ['encoder=', 'options.scheme=BIES', 'options.decoder=crf', 'train.epochs=4'];
  const field = await folder.train('field', [`model=${scratch.output}`, ...others]);
  expect(field.metrics.f1).toBe(1);

  const endpoint = await kernel.endpoints.open('field', field.output);
  const records = await folder.read('test');
  expect((await endpoint.evaluate(records)).metrics).toMatchObject({ f1: 1 });
  // A text longer than what the network reads at once.
  const { outputs } = await kernel.endpoints.run('field', `${'今天去西湖，'.repeat(8)}李四去北京了`, {});
  const [spans] = outputs as [readonly { entity_group: string; word: string }[]];
  expect(spans.at(-1)).toMatchObject({ entity_group: 'where', word: '北京' });
  expect(spans.filter(({ word }) => word === '西湖')).toHaveLength(8);

  const more = ['train.keepHead=true', 'train.maxSteps=1', 'train.learningRate=1.0e-4'];
  const kept = await folder.train('kept', [`model=${field.output}`, ...others, ...more]);
  expect(kept.metrics.f1).toBe(1);
});
