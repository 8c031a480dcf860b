import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { defaultSpecialTokens } from './definition.js';
import { TokenizerError } from './errors.js';
import { Tokenizer } from './tokenizer.js';
import { tokenizerFromVocab } from './vocab.js';

const words = [
  'the',
  'dog',
  'un',
  '##aff',
  '##able',
  'a',
  'b',
  '##a',
  '##b',
  '我',
  '秘',
  '密',
  ',',
  '!',
  'e',
  '##e',
  'σ',
  '##ς',
];
const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];
const tokenizer = tokenizerFromVocab(vocab);

it('tells what continuing pieces begin with', () => {
  expect(tokenizer.continuingPrefix).toBe('##');
});

describe('encode', () => {
  it('splits words into the longest pieces and reports where each stands in the text', () => {
    const encoding = tokenizer.encode('The unaffable, 秘密!');
    expect(encoding.tokens).toEqual(['[CLS]', 'the', 'un', '##aff', '##able', ',', '秘', '密', '!', '[SEP]']);
    expect([...encoding.offsets]).toEqual([0, 0, 0, 3, 4, 6, 6, 9, 9, 13, 13, 14, 15, 16, 16, 17, 17, 18, 0, 0]);
    expect([...encoding.specialMask]).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    expect([...encoding.typeIds]).toEqual(new Array(10).fill(0));
    expect(encoding.length).toBe(10);
    expect([...encoding.ids].map((id) => vocab[id])).toEqual(encoding.tokens);
  });

  it('puts the second text behind the first with type 1 and offsets of its own', () => {
    const encoding = tokenizer.encode('a', { pair: 'the b' });
    expect(encoding.tokens).toEqual(['[CLS]', 'a', '[SEP]', 'the', 'b', '[SEP]']);
    expect([...encoding.typeIds]).toEqual([0, 0, 0, 1, 1, 1]);
    expect([...encoding.offsets]).toEqual([0, 0, 0, 1, 0, 0, 0, 3, 4, 5, 0, 0]);
  });

  it('takes an empty second text for a text', () => {
    expect(tokenizer.encode('a', { pair: '' }).tokens).toEqual(['[CLS]', 'a', '[SEP]', '[SEP]']);
  });

  it('adds no special tokens when told not to', () => {
    expect(tokenizer.encode('a', { pair: 'b', addSpecialTokens: false }).tokens).toEqual(['a', 'b']);
    expect(tokenizer.encode('', { addSpecialTokens: false }).length).toBe(0);
  });

  it('finds special tokens in the text, or takes them for ordinary characters when told to', () => {
    expect(tokenizer.encode('a[MASK]b [SEP').tokens).toEqual(['[CLS]', 'a', '[MASK]', 'b', '[UNK]', '[UNK]', '[SEP]']);
    expect(tokenizer.encode('a [SEP] b', { parseSpecialTokens: false }).tokens.slice(1, -1)).toEqual([
      'a',
      '[UNK]',
      '[UNK]',
      '[UNK]',
      'b',
    ]);
  });

  it('drops accents and zero-width characters and still points at the characters they were on', () => {
    const encoding = tokenizer.encode('é e\u0301 a\u200bb');
    expect(encoding.tokens.slice(1, -1)).toEqual(['e', 'e', 'a', '##b']);
    expect([...encoding.offsets.slice(2, -2)]).toEqual([0, 1, 2, 3, 5, 6, 7, 8]);
  });

  it('makes each Chinese character beyond the basic plane a word of its own', () => {
    const encoding = tokenizer.encode('a𠀀𠮷b');
    expect(encoding.tokens.slice(1, -1)).toEqual(['a', '[UNK]', '[UNK]', 'b']);
    expect([...encoding.offsets.slice(2, -2)]).toEqual([0, 1, 1, 3, 3, 5, 5, 6]);
  });

  it('writes a word-final capital sigma as final sigma, looking past punctuation and dropped characters', () => {
    const pieces = (text: string) => tokenizer.encode(text).tokens.slice(1, -1);
    expect(pieces('ΣΣ')).toEqual(['σ', '##ς']);
    expect(pieces('Σ')).toEqual(['σ']);
    expect(pieces('ΣΣ\u200b')).toEqual(['σ', '##ς']);
    expect(pieces("ΣΣ'")).toEqual(['σ', '##ς', '[UNK]']);
    expect(pieces("ΣΣ'A")[0]).toBe('[UNK]'); // σσ: the letter A follows, if one looks past the apostrophe
  });

  it('makes a word of more than 100 characters unknown as a whole', () => {
    expect(tokenizer.encode('a'.repeat(100)).length).toBe(102);
    const long = tokenizer.encode(`b ${'a'.repeat(101)} b`);
    expect(long.tokens.slice(1, -1)).toEqual(['b', '[UNK]', 'b']);
    expect([...long.offsets.slice(4, 6)]).toEqual([2, 103]);
  });

  it('refuses lone surrogates and says where they are', () => {
    expect(() => tokenizer.encode('ab\ud83d')).toThrow(ValidationError);
    expect(() => tokenizer.encode('ab\ud83d')).toThrow(/U\+D83D at UTF-16 index 2/);
    expect(() => tokenizer.encode('a', { pair: '\udc00' })).toThrow(/^pair: /);
  });

  it('gives the same result whether a word is remembered or not', () => {
    const fresh = tokenizerFromVocab(vocab);
    const random = seededRandom(3);
    const texts = Array.from({ length: 300 }, () => randomText(random, 12));
    const first = texts.map((text) => [...fresh.encode(text).ids]);
    // More distinct words than the cache holds, so that it starts afresh on the way.
    for (let i = 0; i < 40_000; i++) fresh.encode(`${i.toString(36)}x`);
    expect(texts.map((text) => [...fresh.encode(text).ids])).toEqual(first);
  });
});

describe('truncation', () => {
  it('equals the beginning of the whole encoding at every length', () => {
    const text = 'The unaffable, 秘密! ab aab é [MASK] bb';
    const whole = tokenizer.encode(text, { addSpecialTokens: false });
    for (let maxLength = 2; maxLength < whole.length + 4; maxLength++) {
      const cut = tokenizer.encode(text, { maxLength });
      const kept = Math.min(whole.length, maxLength - 2);
      expect(cut.tokens).toEqual(['[CLS]', ...whole.tokens.slice(0, kept), '[SEP]']);
      expect([...cut.offsets.slice(2, -2)]).toEqual([...whole.offsets.slice(0, 2 * kept)]);
    }
  });

  it('keeps exactly one of the texts whole when told which to cut', () => {
    const options = { pair: 'b b b', maxLength: 7 } as const;
    const tokens = (truncation: 'only_first' | 'only_second') =>
      tokenizer.encode('a a a', { ...options, truncation }).tokens;
    expect(tokens('only_first')).toEqual(['[CLS]', 'a', '[SEP]', 'b', 'b', 'b', '[SEP]']);
    expect(tokens('only_second')).toEqual(['[CLS]', 'a', 'a', 'a', '[SEP]', 'b', '[SEP]']);
  });

  it('refuses a length that cannot hold the special tokens', () => {
    expect(() => tokenizer.encode('a', { maxLength: 1 })).toThrow(/at least 2 .* found 1/);
    expect(() => tokenizer.encode('a', { maxLength: 2.5 })).toThrow(ValidationError);
    expect(tokenizer.encode('a', { maxLength: 2 }).tokens).toEqual(['[CLS]', '[SEP]']);
  });
});

describe('offsets', () => {
  const options = [{}, { lowercase: false }, { stripAccents: false }, { chineseCharacters: false }];

  it.each(options)(
    'are monotone, never cut a surrogate pair, and the text there normalises to the token: %o',
    (option) => {
      const letters = Array.from({ length: 26 }, (_, i) => String.fromCodePoint(0x61 + i));
      const many = [
        ...letters,
        ...letters.map((letter) => letter.toUpperCase()),
        '我',
        'σ',
        'ς',
        'е',
        'й',
        'ᄒ',
        'ᅡ',
        'ᆫ',
        'ß',
        'i̇',
      ];
      const known = tokenizerFromVocab([...vocab.slice(0, 5), ...many, ...many.map((token) => `##${token}`)], option);
      const { lowercase = true, stripAccents = lowercase } = option as { lowercase?: boolean; stripAccents?: boolean };
      const normalize = (text: string) => {
        const lower = lowercase ? text.toLowerCase().replaceAll('ς', 'σ') : text;
        const clean = lower.replace(/[\p{Cc}\p{Cf}\p{Co}\ufffd]/gu, '');
        return stripAccents ? clean.normalize('NFD').replace(/\p{Mn}/gu, '') : clean;
      };
      const random = seededRandom(11);
      let pieces = 0;
      for (let i = 0; i < 1500; i++) {
        const text = randomText(random, 20);
        const { tokens, offsets, length } = known.encode(text);
        let previous = 0;
        for (let t = 1; t < length - 1; t++) {
          const start = offsets[2 * t]!;
          const end = offsets[2 * t + 1]!;
          const source = text.slice(start, end);
          expect(start).toBeGreaterThanOrEqual(previous);
          expect(end).toBeGreaterThan(start);
          expect((source as string & { isWellFormed(): boolean }).isWellFormed()).toBe(true);
          previous = start;
          if (tokens[t] === '[UNK]' || defaultTokens.has(source)) continue;
          pieces++;
          const piece = tokens[t]!.replace(/^##/, '').replaceAll('ς', 'σ');
          // One character may become several tokens (Hangul decomposes): each then covers that character.
          if ([...source].length === 1) expect(normalize(source)).toContain(piece);
          else expect(normalize(source)).toBe(piece);
        }
      }
      expect(pieces).toBeGreaterThan(2000);
    },
  );

  const defaultTokens = new Set<string>(Object.values(defaultSpecialTokens));
});

describe('hostile texts', () => {
  const million = 1_000_000;
  it.each([
    ['letters without a space', 'a'.repeat(million)],
    ['marks in the wrong order', `a${'\u0301'.repeat(million / 2)}${'\u0316'.repeat(million / 2)}`],
    ['spacing marks in the wrong order', `a${'\ud834\udd6d\ud834\udd65'.repeat(million / 4)}`],
    ['capital sigmas among points', 'Σ.'.repeat(million / 2)],
    ['one sigma and points', `AΣ${'.'.repeat(million)}`],
    ['opening brackets', '['.repeat(million)],
    ['half a special token', '[MAS'.repeat(million / 4)],
    ['control characters', '\u0000\u200b'.repeat(million / 2)],
    ['emoji', '😀'.repeat(million / 2)],
  ])('tokenizes 1 MB of %s in linear time', (_, text) => {
    const started = performance.now();
    const encoding = tokenizer.encode(text, { maxLength: 512 });
    expect(encoding.length).toBeLessThanOrEqual(512);
    tokenizer.encode(text);
    // Generous: what it guards against (quadratic mark sorting) takes minutes.
    expect(performance.now() - started).toBeLessThan(5000);
  });
});

describe('the vocabulary', () => {
  it('maps tokens to ids and back', () => {
    expect(tokenizer.vocabSize).toBe(vocab.length);
    expect(tokenizer.idOf('##able')).toBe(vocab.indexOf('##able'));
    expect(tokenizer.idOf('missing')).toBeUndefined();
    expect(tokenizer.tokenOf(5)).toBe('the');
    expect(tokenizer.specialTokens.mask).toBe('[MASK]');
    expect(tokenizer.specialIds).toEqual({ pad: 0, unk: 1, cls: 2, sep: 3, mask: 4 });
    expect(() => tokenizer.tokenOf(vocab.length)).toThrow(/from 0 to 22, found 23/);
  });

  it.each<[string, unknown[], RegExp]>([
    ['lacks the unknown token', ['[PAD]', '[CLS]', '[SEP]'], /expected "\[UNK\]" \(the unknown token\)/],
    ['lacks a token of the template', ['[PAD]', '[UNK]', '[CLS]'], /expected "\[SEP\]" \(which the template adds\)/],
    ['repeats a token', [...vocab, 'dog'], /entry 23: repeats "dog" of entry 6/],
    ['holds a number', [...vocab, 7], /entry 23: expected a string, found number/],
    ['holds an empty token', [...vocab, ''], /entry 23: is empty/],
    ['holds a lone surrogate', [...vocab, '\ud800'], /entry 23: holds a lone surrogate/],
    ['holds an endless token', [...vocab, 'x'.repeat(100_000)], /has 100000 characters, at most 1000/],
  ])('is refused when it %s', (_, tokens, message) => {
    const build = () => tokenizerFromVocab(tokens as string[]);
    expect(build).toThrow(TokenizerError);
    expect(build).toThrow(message);
  });

  it('is refused with a word length that makes no sense', () => {
    expect(() => tokenizerFromVocab(vocab, { maxCharactersPerWord: 0 })).toThrow(/from 1 to 1000, found 0/);
  });

  it('may lack [MASK] and continuing pieces', () => {
    const small = tokenizerFromVocab(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a']);
    expect(small.specialIds.mask).toBeUndefined();
    expect(small.encode('a ab [MASK]').tokens).toEqual(['[CLS]', 'a', '[UNK]', '[UNK]', '[UNK]', '[UNK]', '[SEP]']);
  });
});

describe('added tokens', () => {
  it('get the next ids and are matched longest first', () => {
    const extended = tokenizerFromVocab(vocab, { addedTokens: ['<e>', '<e>x', 'dog'] });
    expect(extended.vocabSize).toBe(vocab.length + 2);
    expect(extended.encode('<e>x<e>dogs').tokens).toEqual(['[CLS]', '<e>x', '<e>', 'dog', '[UNK]', '[SEP]']);
    expect([...extended.encode('<e>x<e>').offsets.slice(2, -2)]).toEqual([0, 4, 4, 7]);
  });

  it('match after normalisation when they are normalized', () => {
    const token = { content: 'Étoile', normalized: true, singleWord: false, special: false };
    const extended = tokenizerFromVocab(vocab, { addedTokens: [token] });
    const encoding = extended.encode('a étoileb ETOILE');
    expect(encoding.tokens).toEqual(['[CLS]', 'a', 'Étoile', 'b', 'Étoile', '[SEP]']);
    expect([...encoding.offsets.slice(2, -2)]).toEqual([0, 1, 2, 8, 8, 9, 10, 16]);
  });

  it('do not match inside a word when they are single words', () => {
    const token = { content: 'dog', normalized: false, singleWord: true, special: true };
    const extended = tokenizerFromVocab(
      vocab.filter((item) => item !== 'dog'),
      { addedTokens: [token] },
    );
    expect(extended.encode('dog adog dog! 𝔞dog').tokens).toEqual([
      '[CLS]',
      'dog',
      '[UNK]',
      'dog',
      '!',
      '[UNK]',
      '[SEP]',
    ]);
  });
});

it('encodeBatch encodes texts and pairs one by one', () => {
  const batch = tokenizer.encodeBatch(['the dog', ['a', 'b']], { maxLength: 4 });
  expect(batch.map(({ tokens }) => tokens)).toEqual([
    ['[CLS]', 'the', 'dog', '[SEP]'],
    ['[CLS]', '[SEP]', 'b', '[SEP]'],
  ]);
  expect(tokenizer).toBeInstanceOf(Tokenizer);
});
