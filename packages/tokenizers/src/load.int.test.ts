import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TokenizerError } from './errors.js';
import { parseVocabText } from './folders/word-piece-folder.js';
import { loadTokenizer } from './load.js';
import { tokenizerFromVocab } from './vocab.js';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'dog', 'Dog', 'é', 'e', '中', '文'];
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: unknown) =>
  writeFile(
    join(folder, name),
    typeof content === 'string' || Buffer.isBuffer(content) ? content : JSON.stringify(content),
  );

describe('loadTokenizer', () => {
  it('prefers tokenizer.json', async () => {
    await write('tokenizer.json', tokenizerFromVocab(vocab));
    await write('vocab.txt', 'not\nthis\n');
    expect((await loadTokenizer(folder)).encode('dog').tokens).toEqual(['[CLS]', 'dog', '[SEP]']);
  });

  it('reads vocab.txt alone as an uncased BERT vocabulary, with line ends of either kind', async () => {
    await write('vocab.txt', `\ufeff${vocab.join('\r\n')}`);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.vocabSize).toBe(vocab.length);
    expect(tokenizer.encode('DOG é').tokens).toEqual(['[CLS]', 'dog', 'e', '[SEP]']);
  });

  it('follows tokenizer_config.json beside vocab.txt', async () => {
    await write('vocab.txt', `${vocab.join('\n')}\n`);
    await write('tokenizer_config.json', {
      do_lower_case: false,
      strip_accents: null,
      tokenize_chinese_chars: false,
      mask_token: { content: 'dog' },
      added_tokens_decoder: {
        '0': { content: '[PAD]', special: true },
        '11': { content: '<a>', special: true },
      },
    });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode('Dog é 中文 <a>').tokens).toEqual(['[CLS]', 'Dog', 'é', '[UNK]', '<a>', '[SEP]']);
    expect(tokenizer.idOf('<a>')).toBe(11);
    expect(tokenizer.specialTokens.mask).toBe('dog');
  });

  it('reads added_tokens.json of old folders', async () => {
    await write('vocab.txt', vocab.join('\n'));
    await write('added_tokens.json', { '<b>': 12, '<a>': 11 });
    const tokenizer = await loadTokenizer(folder);
    expect([tokenizer.idOf('<a>'), tokenizer.idOf('<b>')]).toEqual([11, 12]);
    expect(tokenizer.encode('dog<b>').tokens).toEqual(['[CLS]', 'dog', '<b>', '[SEP]']);
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    ['an empty folder', {}, /expected tokenizer.json, vocab.json with merges.txt, .* or vocab.txt, found none/],
    [
      'broken JSON',
      { 'tokenizer.json': '{"model": ' },
      /tokenizer.json: is not JSON; the download may have been cut off/,
    ],
    ['bytes that are not UTF-8', { 'vocab.txt': Buffer.from([0x5b, 0xff, 0x0a]) }, /vocab.txt: is not UTF-8/],
    ['an empty vocabulary', { 'vocab.txt': '' }, /expected "\[UNK\]"/],
    ['an empty line', { 'vocab.txt': '[PAD]\n\n[UNK]\n' }, /vocab.txt line 2: is empty/],
    ['one huge line', { 'vocab.txt': 'x'.repeat(20_000_000) }, /entry 0: has 20000000 characters/],
    [
      'a setting of the wrong type',
      { 'vocab.txt': '[UNK]', 'tokenizer_config.json': { do_lower_case: 1 } },
      /do_lower_case: expected true or false, found 1/,
    ],
    [
      'no basic tokenizing',
      { 'vocab.txt': '[UNK]', 'tokenizer_config.json': { do_basic_tokenize: false } },
      /false is not supported/,
    ],
    [
      'added tokens that contradict',
      { 'vocab.txt': '[UNK]', 'added_tokens.json': { '<a>': 7 } },
      /gives "<a>" id 7, which contradicts vocab.txt \(1 tokens\); expected 1/,
    ],
  ])('refuses %s and says what to do', async (_, files, message) => {
    for (const [name, content] of Object.entries(files)) await write(name, content);
    await expect(loadTokenizer(folder)).rejects.toThrow(TokenizerError);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
  });

  it('says so when a file cannot be read', async () => {
    const notAFolder = join(folder, 'file');
    await write('file', 'x');
    await expect(loadTokenizer(notAFolder)).rejects.toThrow(/cannot be read/);
  });
});

it('parseVocabText keeps tokens that are white space of another kind', () => {
  expect(parseVocabText('a\n\u3000\n\u2028\n')).toEqual(['a', '\u3000', '\u2028']);
});
