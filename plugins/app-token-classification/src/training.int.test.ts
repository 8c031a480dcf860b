import { Random, type TensorMap, toFloat32 } from '@zooid/tensor';
import { trainTiny } from '@zooid/testing';
import type { PreparedTask } from '@zooid/trainer';
import { describe, expect, it } from 'vitest';
import { prepareTiny, tagged, tinyEncoder, tinyExamples } from './tiny-tagger.fixture.js';
import type { TaggedText } from './token-records.js';

const trainAndExport = (task: PreparedTask, examples: readonly TaggedText[], steps = 60) =>
  trainTiny(task, examples, { steps, learningRate: 1e-2 });

const distil = { model_type: 'distilbert', vocab_size: 200, dim: 16, n_layers: 1, n_heads: 2, hidden_dim: 32 };

describe('every variant learns and is exported as it was trained', () => {
  it.each([
    ['BIO, legal', {}, tinyEncoder],
    ['BIES, legal', { scheme: 'BIES', labelSmoothing: 0.05 }, tinyEncoder],
    ['BIO, conditional random field', { decoder: 'crf' }, tinyEncoder],
    [
      'BIES, conditional random field, word dropout',
      { scheme: 'BIES', decoder: 'crf', wordDropout: 0.02 },
      tinyEncoder,
    ],
    ['an encoder without segments', {}, distil],
  ] as const)('%s', async (_, options, encoder) => {
    const task = await prepareTiny({ headDropout: 0, ...options }, tinyExamples, encoder);
    const { losses, feeds, trained, exported, answers } = await trainAndExport(task, tinyExamples);
    expect(losses.at(-1)).toBeLessThan(losses[0]! / 4);
    expect(Object.keys(feeds)).toEqual(task.inputs);
    for (const name of task.outputs) {
      const [a, b] = [trained, exported].map((outputs: TensorMap) => toFloat32(outputs[name]!)) as [
        Float32Array,
        Float32Array,
      ];
      expect(
        a.every((value, i) => Math.abs(value - b[i]!) < 1e-5),
        name,
      ).toBe(true);
    }
    // Five examples are learnt by heart.
    expect(task.metrics(answers, tinyExamples)).toMatchObject({ f1: 1, 'f1/who': 1, 'f1/where': 1 });
  });
});

describe('the parameters', () => {
  it('are those of BertForTokenClassification, and no other', async () => {
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
        'classifier.weight',
        'classifier.bias',
      ].sort(),
    );
    expect(task.config).toMatchObject({
      architectures: ['BertForTokenClassification'],
      id2label: { 0: 'O', 1: 'B-where', 2: 'I-where', 3: 'B-who', 4: 'I-who' },
      label2id: { O: 0, 'B-where': 1 },
    });
  });

  it('have the field’s three beside them, in the group of the head', async () => {
    const task = await prepareTiny({ decoder: 'crf' });
    const { names } = await trainAndExport(task, tinyExamples, 1);
    const field = ['crf.transitions', 'crf.start_transitions', 'crf.end_transitions'];
    expect(names).toEqual(expect.arrayContaining(field));
    expect(names.filter((name) => task.groups[0]!.match(name)).sort()).toEqual(
      ['classifier.weight', 'classifier.bias', ...field].sort(),
    );
  });
});

describe('features', () => {
  const labelsOf = async (options: Record<string, unknown>, marked: string) => {
    const task = await prepareTiny(options);
    const rows = [task.featurize(tagged(marked))];
    const { labels } = task.collate(rows, { training: false, labels: true, random: new Random(1) });
    const { id2label } = task.config as { id2label: Record<string, string> };
    return Array.from(labels!.data as BigInt64Array, (id) => id2label[String(id)] ?? '-');
  };

  it('are labels of the text’s tokens, and none for special ones', async () => {
    expect(await labelsOf({}, '[who:小明]去[where:北京]')).toEqual([
      '-',
      'B-who',
      'I-who',
      'O',
      'B-where',
      'I-where',
      '-',
    ]);
    expect(await labelsOf({ scheme: 'BIES' }, '[who:王]在[where:南京路]')).toEqual([
      '-',
      'S-who',
      'O',
      'B-where',
      'I-where',
      'E-where',
      '-',
    ]);
  });

  it('are cut with the text', async () => {
    expect(await labelsOf({ maxLength: 5 }, '在[where:南京路]')).toEqual(['-', 'O', 'B-where', 'I-where', '-']);
  });

  it('leave out types that training never saw', async () => {
    expect(await labelsOf({}, '[when:今天]很好')).toEqual(['-', 'O', 'O', 'O', 'O', '-']);
  });

  it('weigh a batch by its labelled tokens', async () => {
    const task = await prepareTiny();
    expect(task.lossWeight!([task.featurize(tagged('今天')), task.featurize(tagged('很好。'))])).toBe(5);
  });
});

it.each([
  [{ maxLength: 64 }, tinyExamples, /\/maxLength is 64, but the encoder takes 32 tokens/],
  [{ decoder: 'crf', labelSmoothing: 0.1 }, tinyExamples, /\/labelSmoothing is for the decoder legal/],
  [{ scheme: 'IOB' }, tinyExamples, /\/scheme/],
  [{}, [tagged('今天很好')], /\/entities needs at least one span, found none/],
])('refuses %j', async (options, examples, message) => {
  await expect(prepareTiny(options, examples)).rejects.toThrow(message);
});
