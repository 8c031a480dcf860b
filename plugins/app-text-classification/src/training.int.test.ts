import { Random, toFloat32 } from '@zooid/tensor';
import { trainTiny } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { describe, expect, it } from 'vitest';
import type { ClassifiedExample } from './example.js';
import { prepareTiny, tinyEncoder, tinyExamples } from './tiny-classifier.fixture.js';

const topics: readonly ClassifiedExample[] = [
  { text: '足球比赛', labels: ['ball', 'sport'] },
  { text: '俱乐部买了球员', labels: ['sport', 'ball'] },
  { text: '股票上涨', labels: ['money'] },
  { text: '银行降息', labels: ['money'] },
];
const pairs: readonly ClassifiedExample[] = [
  { text: '怎么还款', text_pair: '如何还款', labels: ['1'] },
  { text: '怎么还款', text_pair: '怎么借钱', labels: ['0'] },
  { text: '额度多少', text_pair: '有多少额度', labels: ['1'] },
  { text: '额度多少', text_pair: '还款日期', labels: ['0'] },
];

const trainAndExport = (task: PreparedTask, examples: readonly ClassifiedExample[], steps = 40) =>
  trainTiny(task, examples, { steps, learningRate: 5e-3 });

const distil = { model_type: 'distilbert', vocab_size: 200, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 32 };
const roberta = { ...tinyEncoder, model_type: 'roberta', type_vocab_size: 1, pad_token_id: 0 };

describe('every variant learns and is exported as it was trained', () => {
  const options = { tokenizer: { vocabSize: 300 }, headDropout: 0 };
  it.each([
    ['one label', options, tinyExamples, tinyEncoder],
    [
      'class weights by name and label smoothing',
      { ...options, classWeights: { Negative: 2 }, labelSmoothing: 0.1 },
      tinyExamples,
      tinyEncoder,
    ],
    [
      'class weights by frequency and word dropout',
      { ...options, classWeightPower: 0.5, wordDropout: 0.1 },
      tinyExamples,
      tinyEncoder,
    ],
    ['pairs', options, pairs, tinyEncoder],
    ['several labels', { ...options, multiLabel: true }, topics, tinyEncoder],
    ['an encoder without segments', options, tinyExamples, distil],
    ['an encoder with one kind of segment', options, tinyExamples, roberta],
  ] as const)('%s', async (_, given, examples, encoder) => {
    const task = await prepareTiny(given, examples, encoder);
    const { losses, feeds, trained, exported, answers } = await trainAndExport(task, examples);
    expect(losses.at(-1)).toBeLessThan(losses[0]! - 0.2);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    const [a, b] = [toFloat32(trained.logits!), toFloat32(exported.logits!)];
    expect(a.every((value, i) => Math.abs(value - b[i]!) < 1e-5)).toBe(true);
    // Eight examples or fewer are learnt by heart.
    const metrics = task.metrics(answers, examples);
    expect(Object.values(metrics)[0]).toBe(1);
  });
});

it('has the parameters of BertForSequenceClassification, and no other', async () => {
  const task = await prepareTiny();
  const { names } = await trainAndExport(task, tinyExamples, 1);
  const layer = [
    'attention.self.query',
    'attention.self.key',
    'attention.self.value',
    'attention.output.dense',
    'attention.output.LayerNorm',
    'intermediate.dense',
    'output.dense',
    'output.LayerNorm',
  ].flatMap((name) => [`bert.encoder.layer.0.${name}.weight`, `bert.encoder.layer.0.${name}.bias`]);
  // From transformers' modeling_bert.py.
  expect(names.sort()).toEqual(
    [
      'bert.embeddings.word_embeddings.weight',
      'bert.embeddings.position_embeddings.weight',
      'bert.embeddings.token_type_embeddings.weight',
      'bert.embeddings.LayerNorm.weight',
      'bert.embeddings.LayerNorm.bias',
      ...layer,
      'bert.pooler.dense.weight',
      'bert.pooler.dense.bias',
      'classifier.weight',
      'classifier.bias',
    ].sort(),
  );
  expect(task.config).toMatchObject({
    architectures: ['BertForSequenceClassification'],
    id2label: { 0: 'Negative', 1: 'Positive' },
    label2id: { Negative: 0, Positive: 1 },
    problem_type: 'single_label_classification',
  });
});

describe('preparation', () => {
  it('orders numbered labels by value and others by name', async () => {
    const of = async (...labels: string[]) =>
      (
        await prepareTiny(
          {},
          labels.map((label) => ({ text: '好', labels: [label] })),
        )
      ).config.id2label;
    expect(await of('10', '9', '0')).toEqual({ 0: '0', 1: '9', 2: '10' });
    expect(await of('b', 'a')).toEqual({ 0: 'a', 1: 'b' });
  });

  it('counts the pooler as head, for most checkpoints have none', async () => {
    const [head] = (await prepareTiny()).groups;
    const names = ['bert.encoder.layer.0.output.dense.bias', 'bert.pooler.dense.weight', 'classifier.weight'];
    expect(names.map((name) => head!.match(name))).toEqual([false, true, true]);
  });

  it('ignores validation labels that training never saw', async () => {
    const task = await prepareTiny();
    const rows = [
      task.featurize({ text: '好', labels: ['Mixed'] }),
      task.featurize({ text: '好', labels: ['Positive'] }),
    ];
    const { labels } = task.collate(rows, { training: false, labels: true, random: new Random(1) });
    expect(Array.from(labels!.data, Number)).toEqual([-100, 1]);
  });

  it.each([
    [{ maxLength: 64 }, tinyExamples, /\/maxLength is 64, but the encoder takes 32 tokens/],
    [
      { positiveLabel: 'Good' },
      tinyExamples,
      /\/positiveLabel names 'Good', which is no label: the training split has Negative, Positive/,
    ],
    [{ classWeights: { Good: 2 } }, tinyExamples, /\/classWeights\/Good names 'Good'/],
    [{}, tinyExamples.slice(0, 2), /needs at least 2 different labels, found 1/],
  ])('refuses %j', async (options, examples, message) => {
    await expect(prepareTiny(options, examples)).rejects.toThrow(message);
  });

  it('calibrates thresholds of several labels only, and only where the recipe sets none', async () => {
    const scores = { money: 0.3, sport: 0.1, ball: 0.1 };
    const answers = [Object.entries(scores).map(([label, score]) => ({ label, score }))];
    const gold = [{ text: 'x', labels: ['money'] }];
    expect((await prepareTiny()).calibrate!([], [])).toEqual({});
    expect((await prepareTiny({ multiLabel: true, threshold: 0.4 }, topics)).calibrate!(answers, gold)).toEqual({});
    const calibrated = (await prepareTiny({ multiLabel: true }, topics)).calibrate!(answers, gold);
    expect(calibrated).toMatchObject({
      'text-classification': { thresholds: [0.3, 0.3, 0.3], options: { multiLabel: true } },
    });
  });
});
