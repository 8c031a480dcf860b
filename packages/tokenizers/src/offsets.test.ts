import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';

const { pipelines } = JSON.parse(readFileSync(new URL('./__golden__/pipelines.json', import.meta.url), 'utf8')) as {
  pipelines: { name: string; tokenizer: object }[];
};

const cutsPair = (text: string, place: number) =>
  (text.charCodeAt(place) & 0xfc00) === 0xdc00 && (text.charCodeAt(place - 1) & 0xfc00) === 0xd800;

describe('offsets of every kind of tokenizer', () => {
  it.each(pipelines)('$name: in order, within the text, never within a character', ({ tokenizer: json }) => {
    const tokenizer = parseTokenizerJson(json);
    const random = seededRandom(53);
    for (let i = 0; i < 150; i++) {
      const text = randomText(random, 20);
      const { offsets, length } = tokenizer.encode(text, { addSpecialTokens: false });
      const wrong: string[] = [];
      let previous = 0;
      for (let t = 0; t < length; t++) {
        const [start, end] = [offsets[2 * t]!, offsets[2 * t + 1]!];
        if (start < previous) wrong.push(`token ${t} starts at ${start} after one at ${previous}`);
        if (end < start || end > text.length) wrong.push(`token ${t} is [${start}, ${end})`);
        if (cutsPair(text, start) || cutsPair(text, end)) wrong.push(`token ${t} cuts a pair at ${start} or ${end}`);
        previous = start;
      }
      expect({ text, wrong }).toEqual({ text, wrong: [] });
    }
  });

  it.each(pipelines.filter(({ name }) => /GPT-2|Llama 2/.test(name)))(
    '$name: tokens cover the text without a gap, and the text under a token reads as the token',
    ({ tokenizer: json }) => {
      const tokenizer = parseTokenizerJson(json);
      const random = seededRandom(59);
      for (let i = 0; i < 150; i++) {
        const text = randomText(random, 20).replaceAll('▁', '');
        const { ids, offsets, length } = tokenizer.encode(text, { addSpecialTokens: false });
        const wrong: string[] = [];
        let reached = 0;
        for (let t = 0; t < length; t++) {
          const [start, end] = [offsets[2 * t]!, offsets[2 * t + 1]!];
          if (start > reached) wrong.push(`nothing covers [${reached}, ${start})`);
          reached = Math.max(reached, end);
          const token = tokenizer.decode([ids[t]!], { skipSpecialTokens: false });
          // Parts of a character, and the mark that was put before the text, have no text of their own.
          if (token.includes('\ufffd') || t === 0) continue;
          const surface = text.slice(start, end);
          if (surface.trim() !== token.trim()) wrong.push(`${JSON.stringify(token)} stands for ${surface}`);
        }
        expect({ text, reached, wrong }).toEqual({ text, reached: text.length, wrong: [] });
      }
    },
  );

  it.each(pipelines)('$name: a text cut short gives the beginning of its tokens', ({ tokenizer: json }) => {
    const tokenizer = parseTokenizerJson(json);
    const text = "The dog <mask> 我们 😀 e\u0301 12345 doesn't  mind";
    const whole = tokenizer.encode(text, { addSpecialTokens: false });
    for (let maxLength = 1; maxLength < whole.length; maxLength += 3) {
      const cut = tokenizer.encode(text, { addSpecialTokens: false, maxLength });
      expect([...cut.ids]).toEqual([...whole.ids.subarray(0, maxLength)]);
      expect([...cut.offsets]).toEqual([...whole.offsets.subarray(0, 2 * maxLength)]);
    }
  });
});

describe('texts from strangers', () => {
  const texts = [
    'a'.repeat(40_000),
    ' '.repeat(40_000),
    '😀'.repeat(15_000),
    `e${'\u0301\u0316'.repeat(15_000)}`,
    '<mas'.repeat(10_000),
    '▁'.repeat(40_000),
  ];

  it.each(pipelines)('$name takes a very long word of anything', ({ tokenizer: json }) => {
    const tokenizer = parseTokenizerJson(json);
    for (const text of texts) {
      expect(tokenizer.encode(text).length).toBeGreaterThanOrEqual(0);
      expect(tokenizer.encode(text, { maxLength: 16 }).length).toBeLessThanOrEqual(16);
    }
  });
});
