import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readSentenceModules } from './sentence-modules.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-sentence-modules-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function write(files: Readonly<Record<string, unknown>>): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
}
const type = (name: string) => `sentence_transformers.models.${name}`;
const modules = [
  { idx: 0, name: '0', path: '', type: type('Transformer') },
  { idx: 1, name: '1', path: '1_Pooling', type: type('Pooling') },
  { idx: 2, name: '2', path: '2_Normalize', type: type('Normalize') },
];

describe('readSentenceModules', () => {
  it('finds nothing in a folder of another library', async () => {
    expect(await readSentenceModules(folder)).toEqual({ normalize: false, lowercase: false, prompts: new Map() });
  });

  it('reads pooling, normalisation, case and prompts', async () => {
    await write({
      'modules.json': modules,
      '1_Pooling/config.json': {
        word_embedding_dimension: 8,
        pooling_mode_cls_token: true,
        pooling_mode_mean_tokens: false,
      },
      'sentence_bert_config.json': { max_seq_length: 128, do_lower_case: true },
      'config_sentence_transformers.json': { prompts: { query: 'query: ' }, default_prompt_name: 'query' },
    });
    expect(await readSentenceModules(folder)).toEqual({
      pooling: 'cls',
      normalize: true,
      lowercase: true,
      prompts: new Map([['query', 'query: ']]),
      defaultPrompt: 'query',
    });
  });

  it.each([
    [
      'a module it does not know',
      { 'modules.json': [{ type: type('Dense'), path: '2_Dense' }] },
      /\/0\/type is .*Dense; supported/,
    ],
    [
      'a path out of the folder',
      { 'modules.json': [{ type: type('Pooling'), path: '../other' }] },
      /inside the model folder/,
    ],
    ['an absolute path', { 'modules.json': [{ type: type('Pooling'), path: '/etc' }] }, /inside the model folder/],
    [
      'a pooling without a file',
      { 'modules.json': modules.slice(0, 2) },
      /1_Pooling\/config\.json, which is not there/,
    ],
    [
      'two poolings at once',
      {
        'modules.json': modules,
        '1_Pooling/config.json': { pooling_mode_cls_token: true, pooling_mode_mean_tokens: true },
      },
      /is cls_token and mean_tokens; supported: one of/,
    ],
    ['modules that are no list', { 'modules.json': {} }, /must be a list/],
    ['broken JSON', { 'modules.json': '[' }, /modules\.json.* is not valid JSON/],
    [
      'a default prompt that does not exist',
      { 'config_sentence_transformers.json': { default_prompt_name: 'q' } },
      /names 'q', which is none of prompts: none/,
    ],
  ])('refuses %s', async (_, files, message) => {
    await write(files);
    await expect(readSentenceModules(folder)).rejects.toThrow(message);
  });
});
