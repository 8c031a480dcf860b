import { describe, expect, it } from 'vitest';
import { parseTemplateFile } from './template-file.js';
import { writeUtterances } from './write-utterances.js';

const fileOf = (body: string, count = 4000, seed = 1) =>
  parseTemplateFile(`seed: ${seed}\ncount: ${count}\n${body}`, 'x');
const body = `
lists:
  song: 晴天 稻香 😀歌
  who: 我 妈妈
intents:
  music: { weight: 3, templates: ['(请|)放{song}给<who>', '{song}'] }
  chat: { templates: ['(你好|再见)(|)'] }
`;

describe('written utterances', () => {
  const all = [...writeUtterances(fileOf(body))];

  it('are as many as asked for, in the shares of the weights', () => {
    expect(all).toHaveLength(4000);
    const share = all.filter(({ intent }) => intent === 'music').length / 4000;
    expect(Math.abs(share - 0.75)).toBeLessThan(0.03);
  });

  it('cover every template, alternative and word, about as often', () => {
    const texts = new Map<string, number>();
    for (const { text } of all) texts.set(text, (texts.get(text) ?? 0) + 1);
    // 2 × 3 × 2 of the first template, 3 of the second, 2 of chat.
    expect(texts.size).toBe(17);
    for (const song of ['晴天', '稻香', '😀歌']) expect(Math.abs(texts.get(song)! / 4000 - 0.125)).toBeLessThan(0.03);
  });

  it('carry their slots at code points, and no phrases', () => {
    for (const { text, intent, slots } of all) {
      expect(slots).toHaveLength(intent === 'music' ? 1 : 0);
      for (const { type, start, end, value } of slots) {
        expect(type).toBe('song');
        expect([...text].slice(start, end).join('')).toBe(value);
      }
    }
  });

  it('are the same for the same file, and others for another seed', () => {
    expect([...writeUtterances(fileOf(body))]).toEqual(all);
    expect([...writeUtterances(fileOf(body, 4000, 2))]).not.toEqual(all);
    expect([...writeUtterances(fileOf(body, 100))]).toEqual(all.slice(0, 100));
  });

  it('never say nothing', () => {
    const texts = [...writeUtterances(fileOf("intents: { a: { templates: ['(|| |x)'] } }", 50))];
    expect(texts.map(({ text }) => text)).toEqual(Array(50).fill('x'));
  });
});
