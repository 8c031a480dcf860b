import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { writeModelFolder } from '@zooid/hub';
import { createKernel, type Kernel, pipeline } from '@zooid/kernel';
import type { LabelScore } from '@zooid/spec';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyContent, writeHubFolder } from './tiny-classifier.fixture.js';

const plugins = [storeLocal, backendOnnx, plugin];
const topics = { id2label: { 0: 'sport', 1: 'money', 2: 'war' }, problem_type: 'multi_label_classification' };
let root: string;
let kernel: Kernel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-classification-'));
  await writeHubFolder(join(root, 'hub'));
  await writeHubFolder(join(root, 'topics'), topics);
  await writeHubFolder(join(root, 'graded'), { id2label: { 0: 'LABEL_0' }, problem_type: 'regression' });
  const task = await prepareTiny();
  const content = tinyContent(task);
  await writeModelFolder(join(root, 'own'), content);
  kernel = await createKernel({ plugins, config: { root, settings: { 'backend-onnx': { workers: 1 } } } });
  // Folders of the Hub have no zooid.json: their config.json tells what they are for.
  for (const name of ['hub', 'topics', 'graded', 'own']) await kernel.endpoints.open(name, join(root, name));
}, 60_000);
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const answer = async (name: string, input: unknown, parameters: object = {}) =>
  (await kernel.endpoints.run(name, input, parameters)).outputs[0] as LabelScore[];
const sum = (scores: readonly LabelScore[]) => scores.reduce((total, { score }) => total + score, 0);

describe('answers', () => {
  it('hold every label, best first, with probabilities that sum to 1', async () => {
    const scores = await answer('hub', 'a fine film');
    expect(scores.map(({ label }) => label).sort()).toEqual(['NEGATIVE', 'POSITIVE']);
    expect(scores[0]!.score).toBeGreaterThanOrEqual(scores[1]!.score);
    expect(sum(scores)).toBeCloseTo(1, 6);
  });

  it('are cut to top_k', async () => {
    expect(await answer('hub', 'a fine film', { top_k: 1 })).toEqual((await answer('hub', 'a fine film')).slice(0, 1));
    expect(await answer('hub', 'a fine film', { top_k: 50 })).toHaveLength(2);
  });

  it('take the function that the caller names', async () => {
    const logits = await answer('hub', 'a fine film', { function_to_apply: 'none' });
    const [best] = await answer('hub', 'a fine film', { function_to_apply: 'sigmoid' });
    expect(best!.score).toBeCloseTo(1 / (1 + Math.exp(-logits[0]!.score)), 6);
    const total = logits.reduce((all, { score }) => all + Math.exp(score), 0);
    expect((await answer('hub', 'a fine film'))[0]!.score).toBeCloseTo(Math.exp(logits[0]!.score) / total, 6);
  });

  it('judge a pair together', async () => {
    const together = await answer('own', { text: '质量好', text_pair: '还会再来' });
    expect(together).not.toEqual(await answer('own', '质量好'));
    expect(together).not.toEqual(await answer('own', { text: '还会再来', text_pair: '质量好' }));
  });

  it('take each label of several by itself, and leave out what does not hold', async () => {
    const logits = await answer('topics', 'a dull film', { function_to_apply: 'none' });
    const scores = await answer('topics', 'a dull film');
    for (const [i, { score }] of scores.entries()) expect(score).toBeCloseTo(1 / (1 + Math.exp(-logits[i]!.score)), 6);
    const holding = scores.filter(({ score }) => score >= 0.5);
    expect(await answer('topics', 'a dull film', { apply_thresholds: true })).toEqual(holding);
    const middle = scores[1]!.score;
    expect(await answer('topics', 'a dull film', { threshold: middle })).toEqual(scores.slice(0, 2));
  });

  it('grade with the number itself', async () => {
    const [grade] = await answer('graded', 'a fine film');
    expect(grade).toEqual((await answer('graded', 'a fine film', { function_to_apply: 'none' }))[0]);
  });
});

describe('evaluation', () => {
  it('reads records of common forms, with labels by name or by id', async () => {
    const records = [
      { sentence1: 'a fine film', sentence2: 'and long', label: 1 },
      { sentence1: 'dull', sentence2: 'and longer', label: 'NEGATIVE' },
    ];
    const { answers, metrics, cases } = await kernel.endpoints.get('hub').evaluate(records);
    const right = (answers as LabelScore[][]).filter(([best], i) => best!.label === ['POSITIVE', 'NEGATIVE'][i]);
    expect(metrics).toMatchObject({ accuracy: right.length / 2, macroF1: expect.any(Number) });
    expect([...cases!()]).toEqual([
      {
        kind: 'labels',
        index: 0,
        text: 'a fine film\nand long',
        expected: ['POSITIVE'],
        answered: [(answers as LabelScore[][])[0]![0]],
      },
      expect.objectContaining({ index: 1, text: 'dull\nand longer', expected: ['NEGATIVE'] }),
    ]);
  });

  it('scores several labels at once', async () => {
    const topics = kernel.endpoints.get('topics');
    const { metrics, cases } = await topics.evaluate([{ text: 'dull', label: ['war', 'sport'] }]);
    expect(Object.keys(metrics)).toEqual(['microF1', 'macroF1', 'exactMatch']);
    const held = (await topics.execute(topics.parse('dull', { apply_thresholds: true }))).outputs[0];
    expect([...cases!()]).toMatchObject([{ kind: 'labels', expected: ['war', 'sport'], answered: held }]);
  });

  it('is not offered where answers are grades', () => {
    expect(kernel.endpoints.get('graded').canEvaluate).toBe(false);
    expect(kernel.endpoints.get('hub').canEvaluate).toBe(true);
  });
});

describe('a folder is refused', () => {
  const opening = async (name: string, config: Record<string, unknown>, files: Record<string, string> = {}) => {
    const folder = join(root, name);
    await writeHubFolder(folder);
    const old = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...old, ...config }));
    for (const [file, content] of Object.entries(files)) await writeFile(join(folder, file), content);
    return kernel.endpoints.open(name, folder, { app: 'text-classification' });
  };

  it('when it was made for another task', async () => {
    await expect(opening('ner', { architectures: ['BertForTokenClassification'] })).rejects.toThrow(
      /names BertForTokenClassification; this app opens models that are …ForSequenceClassification/,
    );
  });

  it('when tokenizer and config are not of one model', async () => {
    await expect(opening('mixed', { vocab_size: 5 })).rejects.toThrow(
      /tokenizer knows 13 tokens, but the word table has 5 rows/,
    );
  });

  it('when the graph has other labels than the config', async () => {
    const wrong = opening('wrong', { id2label: { 0: 'a', 1: 'b', 2: 'c' } });
    await expect(wrong.then(() => kernel.endpoints.run('wrong', 'a film'))).rejects.toThrow(
      /gives logits \[1, 2\] for 1 texts and 3 labels/,
    );
  });

  it('when its tokenizer cannot be read', async () => {
    await expect(opening('broken', {}, { 'tokenizer.json': '{"model":{"type":"Word2Vec"}}' })).rejects.toMatchObject({
      code: 'MODEL_FAILED',
    });
  });
});

it('is one call away in a program of one’s own, typed by the task', async () => {
  await using classify = await pipeline('text-classification', join(root, 'hub'), { plugins });
  const [first, second] = await classify(['a fine film', { text: 'dull', text_pair: 'and long' }], { top_k: 1 });
  expect(first).toEqual(await answer('hub', 'a fine film', { top_k: 1 }));
  expect(second!.map(({ label }) => label)).toHaveLength(1);
  expect(await classify('a fine film')).toEqual(await answer('hub', 'a fine film'));
});
