import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from '../__golden__/random-text.js';
import { byteCharacters, byteTokens } from '../byte-characters.js';
import { parseTokenizerJson } from '../tokenizer-json/parse-tokenizer-json.js';
import { tokenizerFromVocab } from '../vocab.js';

const vocabOf = (tokens: readonly string[]) => Object.fromEntries(tokens.map((token, id) => [token, id]));
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true };
const bytes = parseTokenizerJson({
  added_tokens: [{ id: 256, content: '<end>', special: true }],
  pre_tokenizer: byteLevel,
  decoder: byteLevel,
  model: { type: 'BPE', vocab: vocabOf(byteCharacters), merges: [] },
});
const words = ['<unk>', '▁', 'a', 'b', '▁a', '▁b', 'é', ...byteTokens];
const fallback = parseTokenizerJson({
  added_tokens: [{ id: words.length, content: '<end>', special: true }],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'Prepend', prepend: '▁' },
      { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
    ],
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    vocab: vocabOf(words),
    merges: ['▁ a', '▁ b'],
    unk_token: '<unk>',
    fuse_unk: true,
    byte_fallback: true,
  },
});
const bert = tokenizerFromVocab(['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'a', 'b', '##a', '##b', '!', '中']);

describe('decodeStream', () => {
  it.each([
    ['byte-level', bytes],
    ['byte fallback', fallback],
    ['WordPiece', bert],
  ])('%s: gives the text of decode, in parts that hold whole characters', (_, tokenizer) => {
    const random = seededRandom(31);
    for (let i = 0; i < 100; i++) {
      const text = `${randomText(random, 12).replaceAll('\ufffd', '')}ab a! 中`;
      const { ids } = tokenizer.encode(text);
      const stream = tokenizer.decodeStream();
      const parts: string[] = [];
      for (const id of ids) parts.push(stream.push(id));
      parts.push(stream.end());
      expect(parts.join('')).toBe(tokenizer.decode(ids));
      expect(parts.filter((part) => part.includes('\ufffd'))).toEqual([]);
    }
  });

  it('holds a character back until its last byte is there', () => {
    const stream = bytes.decodeStream();
    const parts = [...Buffer.from('é😀!')].map((byte) => stream.push(byte));
    expect(parts).toEqual(['', 'é', '', '', '', '😀', '!']);
    expect(stream.end()).toBe('');
  });

  it('does not wait for ever for bytes that make no character', () => {
    const stream = bytes.decodeStream();
    const parts = Array.from({ length: 8 }, () => stream.push(0x80));
    expect(parts.join('').length).toBeGreaterThanOrEqual(5);
    expect(parts.join('') + stream.end()).toBe('\ufffd'.repeat(8));
  });

  it('gives what is left when the text ends within a character, and can be used again', () => {
    const stream = bytes.decodeStream();
    expect(stream.push(0xe4) + stream.push(0xb8)).toBe('');
    expect(stream.end()).toBe('\ufffd');
    expect(stream.push(0x61)).toBe('a');
  });

  it('leaves special tokens out without losing the space behind them, or writes them', () => {
    const ids = [words.indexOf('▁a'), words.length, words.indexOf('▁b')];
    const text = (options: object) => {
      const stream = fallback.decodeStream(options);
      return ids.map((id) => stream.push(id)).join('|');
    };
    expect(text({})).toBe('a|| b');
    expect(text({ skipSpecialTokens: false })).toBe('a|<end>| b');
  });

  it('refuses an id that is none', () => {
    expect(() => bytes.decodeStream().push(1000)).toThrow(/from 0 to 256, found 1000/);
  });
});

describe('decode', () => {
  it('joins pieces and cleans up the spaces of English', () => {
    expect(bert.decode(bert.encode('ab a!').ids)).toBe('ab a!');
    expect(bert.decode(bert.encode('a').ids, { skipSpecialTokens: false })).toBe('[CLS] a [SEP]');
  });

  it('puts spaces between tokens where the file has no decoder', () => {
    const bare = parseTokenizerJson({ model: { type: 'BPE', vocab: { a: 0, b: 1 }, merges: [] } });
    expect(bare.decode([0, 1])).toBe('a b');
  });
});
