import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeModel } from '../__golden__/write-model.js';
import { byteCharacters } from '../byte-characters.js';
import { TokenizerError } from '../errors.js';
import { loadTokenizer } from '../load.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tokenizer-'));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: unknown) =>
  writeFile(
    join(folder, name),
    typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content),
  );
const tokensOf = async (text: string, pair?: string) =>
  (await loadTokenizer(folder)).encode(text, pair === undefined ? {} : { pair }).tokens;
const idsOf = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));

describe('vocab.json and merges.txt', () => {
  const merges = '#version: 0.2\nd o\nĠ do\nĠdo g\ndo g\n';
  const learned = ['do', 'dog', 'Ġdo', 'Ġdog'];

  it('are GPT-2, with nothing around the text', async () => {
    await write('vocab.json', idsOf([...byteCharacters, ...learned, '<|endoftext|>']));
    await write('merges.txt', merges);
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode('dog dog<|endoftext|>é').tokens).toEqual(['dog', 'Ġdog', '<|endoftext|>', 'Ã', '©']);
    expect(tokenizer.specialTokens.eos).toBe('<|endoftext|>');
    expect(tokenizer.specialIds).toMatchObject({ eos: 260, bos: 260, cls: undefined, mask: undefined });
    expect([...tokenizer.encode('dog dog').offsets]).toEqual([0, 3, 3, 7]);
  });

  it('are RoBERTa where its special tokens are in the vocabulary', async () => {
    await write('vocab.json', idsOf(['<s>', '<pad>', '</s>', '<unk>', ...byteCharacters, ...learned, '<mask>']));
    await write('merges.txt', merges.replaceAll('\n', '\r\n'));
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode('dog <mask>', { pair: 'do' }).tokens).toEqual([
      '<s>',
      'dog',
      '<mask>',
      '</s>',
      '</s>',
      'do',
      '</s>',
    ]);
    // The space goes with the mask, and is not part of the offsets of a word.
    expect([...tokenizer.encode('do dog <mask>').offsets]).toEqual([0, 0, 0, 2, 3, 6, 7, 13, 0, 0]);
    expect(tokenizer.specialIds.pad).toBe(1);
    expect(tokenizer.decode(tokenizer.encode('dog dog').ids)).toBe('dog dog');
    const { ids } = tokenizer.encode('dog dog');
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe('<s>dog dog</s>');
  });

  it('heed add_prefix_space, tokens of their own and names of special tokens', async () => {
    await write('vocab.json', idsOf([...byteCharacters, ...learned, '<e>']));
    await write('merges.txt', merges);
    await write('tokenizer_config.json', { add_prefix_space: true, eos_token: { content: '<e>' } });
    await write('special_tokens_map.json', { eos_token: 'not this', pad_token: '<p>' });
    await write('added_tokens.json', { '<p>': 261 });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode('dog<e>dog<p>').tokens).toEqual(['Ġdog', '<e>', 'Ġdog', '<p>']);
    expect(tokenizer.specialIds).toMatchObject({ eos: 260, pad: 261 });
  });

  it.each<[string, Record<string, unknown>, RegExp]>([
    [
      'a merge of three',
      { 'merges.txt': '#version\na b c\n' },
      /merges.txt line 2: expected two tokens, found "a b c"/,
    ],
    ['a merge of unknown tokens', { 'merges.txt': 'd o\nx yz\n' }, /merge 1: "xyz" is not in the vocabulary/],
    ['an id beyond the vocabulary', { 'vocab.json': { a: 7 } }, /has id 7/],
    [
      'an added token out of place',
      { 'added_tokens.json': { '<p>': 999 } },
      /contradicts vocab.json \(258 tokens\); expected 258/,
    ],
    ['a list', { 'vocab.json': [] }, /vocab.json: expected an object, found an array/],
  ])('are refused with %s', async (_, files, message) => {
    await write('vocab.json', idsOf([...byteCharacters, 'do', 'dog']));
    await write('merges.txt', 'd o\n');
    for (const [name, content] of Object.entries(files)) await write(name, content);
    await expect(loadTokenizer(folder)).rejects.toThrow(TokenizerError);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
  });
});

describe('a SentencePiece model', () => {
  const normal = (piece: string, score = -1) => ({ piece, score, type: 1 });
  const control = (piece: string) => ({ piece, score: 0, type: 3 });
  const unknown = { piece: '<unk>', score: 0, type: 2 };
  const words = [normal('▁a'), normal('▁b'), normal('▁'), normal('a', -3), normal('b', -3), normal('É'), normal('e')];

  it('of ALBERT is lower-cased, without accents, between [CLS] and [SEP]', async () => {
    const pieces = [control('<pad>'), unknown, control('[CLS]'), control('[SEP]'), control('[MASK]'), ...words];
    await write('spiece.model', writeModel({ pieces }));
    expect(await tokensOf('A É [MASK]', 'b')).toEqual(['[CLS]', '▁a', '▁', 'e', '[MASK]', '[SEP]', '▁b', '[SEP]']);
    const tokenizer = await loadTokenizer(folder);
    expect([...tokenizer.encode('a', { pair: 'b' }).typeIds]).toEqual([0, 0, 0, 1, 1]);
    expect(tokenizer.specialIds).toMatchObject({ pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
    await write('tokenizer_config.json', { do_lower_case: false, keep_accents: true });
    expect(await tokensOf('É')).toEqual(['[CLS]', '▁', 'É', '[SEP]']);
  });

  it('of XLNet has its special tokens behind the text, the last of type 2', async () => {
    await write('spiece.model', writeModel({ pieces: [unknown, control('<cls>'), control('<sep>'), ...words] }));
    const tokenizer = await loadTokenizer(folder);
    const encoding = tokenizer.encode('a', { pair: 'b' });
    expect(encoding.tokens).toEqual(['▁a', '<sep>', '▁b', '<sep>', '<cls>']);
    expect([...encoding.typeIds]).toEqual([0, 0, 1, 1, 2]);
    expect([tokenizer.specialTokens.cls, tokenizer.specialTokens.sep]).toEqual(['<cls>', '<sep>']);
  });

  it('of XLM-RoBERTa has the ids of fairseq', async () => {
    const pieces = [unknown, control('<s>'), control('</s>'), ...words];
    await write('sentencepiece.bpe.model', writeModel({ pieces }));
    await write('config.json', { model_type: 'xlm-roberta' });
    const tokenizer = await loadTokenizer(folder);
    const encoding = tokenizer.encode('a <mask>', { pair: 'b 中' });
    expect(encoding.tokens).toEqual(['<s>', '▁a', '<mask>', '</s>', '</s>', '▁b', '▁', '<unk>', '</s>']);
    expect([...encoding.ids]).toEqual([0, 4, 11, 2, 2, 5, 6, 3, 2]);
  });

  it('of T5 ends with </s> and has a hundred sentinels behind it', async () => {
    const pieces = [control('<pad>'), control('</s>'), unknown, ...words];
    await write('spiece.model', writeModel({ pieces }));
    await write('tokenizer_config.json', { tokenizer_class: 'T5Tokenizer' });
    const tokenizer = await loadTokenizer(folder);
    expect(tokenizer.encode('a <extra_id_0> b').tokens).toEqual(['▁a', '<extra_id_0>', '▁b', '</s>']);
    expect([tokenizer.idOf('<extra_id_99>'), tokenizer.idOf('<extra_id_0>')]).toEqual([10, 109]);
  });

  it('of Llama begins with <s>, and ends with </s> when told to', async () => {
    await write('tokenizer.model', writeModel({ pieces: [unknown, control('<s>'), control('</s>'), ...words] }));
    await write('tokenizer_config.json', { tokenizer_class: 'LlamaTokenizer' });
    expect(await tokensOf('a', 'b')).toEqual(['<s>', '▁a', '<s>', '▁b']);
    await write('tokenizer_config.json', {
      tokenizer_class: 'LlamaTokenizerFast',
      add_bos_token: false,
      add_eos_token: true,
    });
    expect(await tokensOf('a')).toEqual(['▁a', '</s>']);
  });

  it('of no known family is encoded as it is; user-defined pieces stay whole', async () => {
    const pieces = [unknown, control('<s>'), ...words, { piece: '<user>', score: 0, type: 4 }];
    await write('spm.model', writeModel({ pieces }));
    const tokenizer = await loadTokenizer(folder);
    const encoding = tokenizer.encode('a<user> b');
    expect(encoding.tokens).toEqual(['▁a', '<user>', '▁b']);
    expect(tokenizer.decode(encoding.ids)).toBe('a<user> b');
    expect(tokenizer.encode('<s>', { parseSpecialTokens: false }).tokens).not.toContain('<s>');
  });

  it('with a class whose ids may differ from the file is refused', async () => {
    await write('spiece.model', writeModel({ pieces: [unknown, ...words] }));
    await write('tokenizer_config.json', { tokenizer_class: 'PegasusTokenizer' });
    await expect(loadTokenizer(folder)).rejects.toThrow(
      /PegasusTokenizer is not supported; save the tokenizer as tokenizer.json/,
    );
  });

  it.each<[string, Parameters<typeof writeModel>[0], RegExp]>([
    ['without pieces', { pieces: [] }, /holds no pieces/],
    ['of words', { pieces: [unknown, ...words], modelType: 3 }, /model type 3 is not supported/],
    ['without an unknown piece', { pieces: words }, /no piece for unknown characters/],
    ['with an unused piece', { pieces: [unknown, { piece: 'x', score: 0, type: 5 }] }, /piece 1: is marked as unused/],
    ['with a piece of unknown type', { pieces: [unknown, { piece: 'x', score: 0, type: 9 }] }, /unknown type 9/],
    ['with a score that is none', { pieces: [unknown, normal('x', Number.NaN)] }, /expected a number for a score/],
    ['with an empty piece', { pieces: [unknown, normal('')] }, /entry 1: is empty/],
    ['with a piece twice', { pieces: [unknown, normal('x'), normal('x')] }, /repeats "x"/],
  ])('%s is refused', async (_, model, message) => {
    await write('spiece.model', writeModel(model));
    await expect(loadTokenizer(folder)).rejects.toThrow(TokenizerError);
    await expect(loadTokenizer(folder)).rejects.toThrow(message);
  });
});

describe('tokenizer_config.json beside tokenizer.json', () => {
  it('goes before it in what transformers lets it decide', async () => {
    await write('vocab.txt', '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nDog\ndog\n');
    await write('tokenizer.json', (await loadTokenizer(folder)).toJSON());
    expect(await tokensOf('Dog')).toEqual(['[CLS]', 'dog', '[SEP]']);
    await write('tokenizer_config.json', { do_lower_case: false });
    await write('special_tokens_map.json', { mask_token: 'Dog' });
    expect(await tokensOf('Dog')).toEqual(['[CLS]', 'Dog', '[SEP]']);
    expect((await loadTokenizer(folder)).specialTokens.mask).toBe('Dog');
  });
});

it('a model of real SentencePiece is found under each of its names', async () => {
  const golden = fileURLToPath(new URL('../__golden__/sentencepiece-bpe.model', import.meta.url));
  for (const name of ['spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model', 'spm.model']) {
    await copyFile(golden, join(folder, name));
    expect((await loadTokenizer(folder)).encode('The dog').length).toBeGreaterThan(1);
    await rm(join(folder, name));
  }
});
