import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphInputs, longestInput } from './encoder-inputs.js';
import { copyTokenizerFiles, newTokenizerFiles } from './folder-files.js';
import { loadTokenizer } from './load.js';
import { padEncodings } from './pad.js';
import { tokenizerFromVocab } from './vocab.js';

const tokenizer = tokenizerFromVocab(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'hello', 'world'], {
  lowercase: false,
});
const files: Record<string, string> = {};
let folder: string;
const write = (name: string, content: unknown) =>
  writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-tokenizer-folder-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('longestInput', () => {
  const lengthOf = async (config: object, tokenizerConfig: unknown = {}) => {
    await write('tokenizer_config.json', tokenizerConfig);
    return longestInput(folder, config as Record<string, unknown>);
  };

  it('is what the position table serves', async () => {
    expect(await lengthOf({ model_type: 'bert', max_position_embeddings: 512 })).toBe(512);
    expect(await lengthOf({ n_positions: 1024 })).toBe(1024);
  });

  it('leaves out the rows that RoBERTa keeps for padding', async () => {
    expect(await lengthOf({ model_type: 'roberta', max_position_embeddings: 514, pad_token_id: 1 })).toBe(512);
  });

  it('is less where the tokenizer says so, and heeds no astronomical number', async () => {
    expect(await lengthOf({ max_position_embeddings: 512 }, { model_max_length: 128 })).toBe(128);
    expect(await lengthOf({ max_position_embeddings: 512 }, '{"model_max_length":1e30}')).toBe(512);
  });

  it('is 512 where nothing is said', async () => {
    expect(await lengthOf({})).toBe(512);
  });

  it('names a file that is not JSON', async () => {
    await expect(lengthOf({}, 'maximum: 3')).rejects.toThrow(/tokenizer_config\.json.* is not valid JSON/);
    await write('tokenizer_config.json', {});
  });
});

describe('graphInputs', () => {
  const batch = padEncodings([tokenizer.encode('hello world'), tokenizer.encode('hello')]);

  it('gives what the graph takes, in its order', () => {
    expect(Object.keys(graphInputs(batch, ['attention_mask', 'input_ids']))).toEqual(['attention_mask', 'input_ids']);
    expect(Object.keys(graphInputs(batch, undefined))).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
  });

  it('counts positions from 0 where the graph wants them from outside', () => {
    const { position_ids } = graphInputs(batch, ['input_ids', 'position_ids']);
    expect(position_ids!.dims).toEqual([2, 4]);
    expect(Array.from(position_ids!.data, Number)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
  });

  it('refuses graphs of other kinds', () => {
    expect(() => graphInputs(batch, ['input_ids', 'pixel_values'])).toThrow(/needs pixel_values/);
    expect(() => graphInputs(batch, ['attention_mask'])).toThrow(/has no input_ids/);
  });
});

describe('files of a model folder', () => {
  it('of a new tokenizer are read back as the same one', async () => {
    for (const [name, content] of newTokenizerFiles(tokenizer, { maxLength: 64 })) {
      files[name] = content;
      await write(name, content);
    }
    expect(JSON.parse(files['tokenizer_config.json']!)).toMatchObject({
      tokenizer_class: 'BertTokenizer',
      do_lower_case: false,
      model_max_length: 64,
      pad_token: '[PAD]',
    });
    const loaded = await loadTokenizer(folder);
    expect([...loaded.encode('hello World').ids]).toEqual([...tokenizer.encode('hello World').ids]);
  });

  it('of a base model are copied as they are', async () => {
    const copied = await copyTokenizerFiles(folder, tokenizer);
    expect([...copied.keys()]).toEqual(['tokenizer.json', 'tokenizer_config.json']);
    expect(String(copied.get('tokenizer.json'))).toBe(files['tokenizer.json']);
  });

  it('get a tokenizer.json where there was none', async () => {
    await rm(join(folder, 'tokenizer.json'));
    await write('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nhello\nworld\n');
    const copied = await copyTokenizerFiles(folder, await loadTokenizer(folder));
    expect([...copied.keys()]).toEqual(['tokenizer_config.json', 'vocab.txt', 'tokenizer.json']);
    expect(JSON.parse(String(copied.get('tokenizer.json'))).model.vocab.world).toBe(6);
  });
});
