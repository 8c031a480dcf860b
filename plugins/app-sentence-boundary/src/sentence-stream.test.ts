import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { type AskForSentences, SentenceStream, type StreamedSentence } from './sentence-stream.js';

/** Ends a sentence before every 再 that has a character after it, and after a pause anywhere. */
const ask: AskForSentences = async ({ text, partial }) => {
  const parts = text.split(/(?=再.)/su);
  const rest = partial === undefined || partial.pause ? '' : parts.pop()!;
  let start = 0;
  const sentences = parts.map((part) => {
    start += part.length;
    return { text: part, start: start - part.length, end: start };
  });
  return {
    mode: 'cut',
    sentences,
    isComplete: 0,
    ...(partial && { rest, partial: { committed: start, settled: Math.max(start, text.length - 3) } }),
  };
};
const texts = (sentences: readonly StreamedSentence[]) => sentences.map(({ text }) => text);

describe('a stream', () => {
  it('gives out sentences as they become final, with their places in all that came', async () => {
    const stream = new SentenceStream(ask);
    expect(await stream.append('打开空')).toEqual([]);
    expect(await stream.append('调再见')).toEqual([{ text: '打开空调', start: 0, end: 4 }]);
    expect(stream.rest).toBe('再见');
    expect(await stream.append('好', { pause: true })).toEqual([{ text: '再见好', start: 4, end: 7 }]);
    expect(await stream.finish()).toEqual([]);
    expect(await stream.append('再再再')).toEqual([{ text: '再', start: 7, end: 8 }]);
    expect(await stream.finish()).toEqual([{ text: '再再', start: 8, end: 10 }]);
  });

  it('takes back what is not final', async () => {
    const asked: unknown[] = [];
    const stream = new SentenceStream((item) => {
      asked.push(item);
      return ask(item);
    });
    await stream.append('甲再打开空条');
    expect(await stream.revise('再打开空调')).toEqual([]);
    expect(stream.rest).toBe('再打开空调');
    await stream.revise('停');
    expect(asked).toEqual([
      { text: '甲再打开空条', partial: { committed: 0, settled: 0, pause: false } },
      { text: '再打开空调', partial: { committed: 0, settled: 2, pause: false } },
      { text: '停', partial: { committed: 0, settled: 0, pause: false } },
    ]);
    expect(await stream.finish()).toEqual([{ text: '停', start: 1, end: 2 }]);
  });

  it('waits for the other half of a surrogate pair, and asks in steps', async () => {
    const asked: string[] = [];
    const stream = new SentenceStream(
      (item) => {
        asked.push(item.text);
        return ask(item);
      },
      { step: 3 },
    );
    await stream.append('好\ud83d');
    expect([asked, stream.rest]).toEqual([['好'], '好\ud83d']);
    await stream.append('\ude00一二😀');
    expect(asked).toEqual(['好', '好😀一', '好😀一二😀']);
    expect(texts(await stream.finish())).toEqual(['好😀一二😀']);
  });

  it('has nothing to ask where nothing came', async () => {
    const stream = new SentenceStream(() => Promise.reject(new Error('asked')));
    expect([await stream.append(''), await stream.finish()]).toEqual([[], []]);
  });

  it('keeps what it gave out, and all of it, however the text comes', async () => {
    const random = new Random(11);
    for (let round = 0; round < 200; round++) {
      const text = Array.from({ length: random.int(60) }, () => random.choice(['再', '见', '😀', 'a', ' ', '。'])).join(
        '',
      );
      const stream = new SentenceStream(ask, { step: 1 + random.int(8) });
      const found: StreamedSentence[] = [];
      for (let at = 0; at < text.length; ) {
        const next = Math.min(text.length, at + random.int(9));
        found.push(...(await stream.append(text.slice(at, next), { pause: random.bernoulli(0.1) })));
        at = next;
        expect(texts(found).join('') + stream.rest).toBe(text.slice(0, at));
      }
      found.push(...(await stream.finish()));
      expect(texts(found).join('')).toBe(text);
      for (const sentence of found) expect(text.slice(sentence.start, sentence.end)).toBe(sentence.text);
    }
  });
});
