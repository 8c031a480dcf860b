import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@zooid/tensor';
import type { Features } from '@zooid/trainer';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { textClassificationTask } from './text-classification-task.js';
import { tinyExamples } from './tiny-classifier.fixture.js';

/** A byte-level BPE tokenizer as RoBERTa has it, with three letters and one merge. */
const tokenizer = {
  version: '1.0',
  added_tokens: ['<s>', '<pad>', '</s>', '<unk>'].map((content, id) => ({
    id,
    content,
    special: true,
    normalized: false,
    single_word: false,
    lstrip: false,
    rstrip: false,
  })),
  normalizer: null,
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
  post_processor: {
    type: 'RobertaProcessing',
    sep: ['</s>', 2],
    cls: ['<s>', 0],
    trim_offsets: true,
    add_prefix_space: false,
  },
  decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
  model: {
    type: 'BPE',
    unk_token: '<unk>',
    continuing_subword_prefix: '',
    end_of_word_suffix: '',
    fuse_unk: false,
    vocab: { '<s>': 0, '<pad>': 1, '</s>': 2, '<unk>': 3, a: 4, b: 5, c: 6, Ġ: 7, ab: 8 },
    merges: ['a b'],
  },
};
const encoderConfig = {
  model_type: 'roberta',
  vocab_size: 9,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 34,
  type_vocab_size: 1,
  pad_token_id: 1,
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-classification-base-'));
  await writeFile(join(folder, 'tokenizer.json'), JSON.stringify(tokenizer));
  await writeFile(join(folder, 'tokenizer_config.json'), '{"model_max_length":32}');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const prepare = (options: object = {}, config: object = encoderConfig) =>
  textClassificationTask.prepare(tinyExamples, {
    options: { maxLength: 32, ...options },
    encoderConfig: config as Record<string, unknown>,
    baseFolder: folder,
    resources: {},
    random: new Random(1),
  });

it('reads texts as the base model reads them, whatever kind of tokenizer it has', async () => {
  const task = await prepare();
  const rows = ['ab c', 'a'].map((text) => task.featurize({ text, labels: [] }) as Features);
  const { input_ids, attention_mask, ...others } = task.collate(rows, { training: false, random: new Random(1) });
  expect(Array.from(input_ids!.data, Number)).toEqual([0, 8, 7, 6, 2, 0, 4, 2, 1, 1]);
  expect(Array.from(attention_mask!.data, Number)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
  expect(others).toEqual({}); // RoBERTa has one kind of segment, and no input for it
  const [pair] = [task.featurize({ text: 'a', text_pair: 'b', labels: [] })];
  const paired = task.collate([pair!], { training: false, random: new Random(1) });
  expect(Array.from(paired.input_ids!.data, Number)).toEqual([0, 4, 2, 2, 5, 2]);
});

it('keeps the files of the tokenizer as they are, and the config of the encoder', async () => {
  const task = await prepare();
  expect([...task.files.keys()]).toEqual(['tokenizer.json', 'tokenizer_config.json']);
  expect(String(task.files.get('tokenizer.json'))).toBe(await readFile(join(folder, 'tokenizer.json'), 'utf8'));
  expect(task.config).toMatchObject({ ...encoderConfig, architectures: ['RobertaForSequenceClassification'] });
});

it('refuses lengths beyond the positions that RoBERTa leaves for tokens, and tokenizers of another model', async () => {
  await expect(prepare({ maxLength: 33 })).rejects.toThrow(/is 33, but the encoder takes 32 tokens/);
  await expect(prepare({}, { ...encoderConfig, vocab_size: 8 })).rejects.toThrow(
    /knows 9 tokens, but the encoder has 8/,
  );
});
