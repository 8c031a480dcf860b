import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { trainWordPiece } from './train-wordpiece.js';
import { tokenizerFromVocab } from './vocab.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];

/** Byte-pair merging as the definition says: count all pairs anew before every merge. */
function naiveMerges(
  words: readonly string[],
  alphabet: readonly string[],
  merges: number,
  minFrequency: number,
): string[] {
  const tokens = [...alphabet];
  let split = words.map((word) =>
    [...word].map((character, i) => tokens.indexOf(i === 0 ? character : `##${character}`)),
  );
  while (tokens.length < alphabet.length + merges) {
    const counts = new Map<string, number>();
    for (const word of split) {
      for (let i = 1; i < word.length; i++) {
        const key = `${word[i - 1]} ${word[i]}`;
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    const order = [...counts].map(([key, count]) => ({ pair: key.split(' ').map(Number) as [number, number], count }));
    order.sort((a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1]);
    const best = order[0];
    if (best === undefined || best.count < minFrequency) break;
    const [left, right] = best.pair;
    const token = tokens[left]! + tokens[right]!.slice(2);
    let id = tokens.indexOf(token);
    if (id === -1) id = tokens.push(token) - 1;
    split = split.map((word) => {
      const merged: number[] = [];
      for (let i = 0; i < word.length; i++) {
        const isPair = word[i] === left && word[i + 1] === right;
        merged.push(isPair ? id : word[i]!);
        if (isPair) i++;
      }
      return merged;
    });
  }
  return tokens;
}

describe('trainWordPiece', () => {
  it('merges the most frequent pair of neighbours first', () => {
    const vocab = trainWordPiece(['low low low lowest lowest newer newer'], { vocabSize: 25 });
    expect(vocab.slice(0, 5)).toEqual(special);
    const characters = ['e', 'l', 'n', 'o', 'r', 's', 't', 'w'];
    expect(vocab.slice(5, 21)).toEqual([...characters, ...characters.map((character) => `##${character}`)]);
    expect(vocab.slice(21)).toEqual(['lo', 'low', 'ne', '##er']);
  });

  it('equals merging by the definition on random words', () => {
    const random = seededRandom(31);
    for (let round = 0; round < 40; round++) {
      const words = Array.from({ length: 30 }, () =>
        Array.from({ length: 1 + Math.floor(random() * 7) }, () => 'aab'[Math.floor(random() * 3)]!).join(''),
      );
      const merges = Math.floor(random() * 40);
      const minFrequency = 1 + Math.floor(random() * 3);
      const alphabet = ['a', 'b', '##a', '##b'];
      const vocab = trainWordPiece(words, { vocabSize: special.length + 4 + merges, minFrequency });
      expect(vocab.slice(special.length)).toEqual(naiveMerges(words, alphabet, merges, minFrequency));
    }
  });

  it('gives the same vocabulary whatever the order of the texts', () => {
    const random = seededRandom(2);
    const texts = Array.from({ length: 200 }, () => randomText(random, 30));
    const options = { vocabSize: 400 };
    expect(trainWordPiece([...texts].reverse(), options)).toEqual(trainWordPiece(texts, options));
  });

  it('makes a vocabulary that tokenizes its texts without unknown words', () => {
    const texts = ['Training is counting, merging and counting again.', '我想听一首歌，播放秘密。'].flatMap((t) => [
      t,
      t,
    ]);
    const vocab = trainWordPiece(texts, { vocabSize: 120 });
    const tokenizer = tokenizerFromVocab(vocab);
    expect(new Set(vocab).size).toBe(vocab.length);
    for (const text of texts) expect(tokenizer.encode(text).tokens).not.toContain('[UNK]');
    expect(tokenizer.encode('gniniart').tokens).not.toContain('[UNK]');
    expect(vocab).toContain('听');
    expect(vocab).not.toContain('##听');
  });

  it('keeps to the size: the most frequent characters when not all fit', () => {
    const vocab = trainWordPiece(['我我我我听听听歌歌'], { vocabSize: 7 });
    expect(vocab).toEqual([...special, '听', '我']);
  });

  it('leaves out what is rarer than minFrequency', () => {
    expect(trainWordPiece(['我我听'], { vocabSize: 100 })).toEqual([...special, '我']);
    expect(trainWordPiece(['我我听'], { vocabSize: 100, minFrequency: 1 })).toEqual([...special, '听', '我']);
  });

  it('learns no merges when characters are the units', () => {
    const vocab = trainWordPiece(['ab ab ab 我们我们'], { vocabSize: 100, characters: true });
    expect(vocab).toEqual([...special, 'a', 'b', '们', '我', '##a', '##b']);
  });

  it('merges Chinese characters too when they are not words of their own', () => {
    const vocab = trainWordPiece(['我们我们', '我们'], { vocabSize: 100, chineseCharacters: false });
    expect(vocab).toContain('我们');
  });

  it('uses the special tokens it is given, once', () => {
    const vocab = trainWordPiece(['ab ab a a'], { vocabSize: 20, specialTokens: ['[UNK]', 'a'] });
    expect(vocab).toEqual(['[UNK]', 'a', 'b', '##a', '##b', 'ab']);
  });

  it('names every option that makes no sense, and the text that is not Unicode', () => {
    expect(() => trainWordPiece([], { vocabSize: 5 })).toThrow(ValidationError);
    expect(() => trainWordPiece([], { vocabSize: 5, minFrequency: 0 })).toThrow(
      /\/vocabSize .*from 6.*; \/minFrequency/,
    );
    expect(() => trainWordPiece([], { vocabSize: 9, specialTokens: ['a', 'a', ''] })).toThrow(/a second a.*is empty/);
    expect(() => trainWordPiece(['ok', '\ud800'], { vocabSize: 9 })).toThrow(/^training text 1: /);
    expect(trainWordPiece([], { vocabSize: 100 })).toEqual(special);
  });
});
