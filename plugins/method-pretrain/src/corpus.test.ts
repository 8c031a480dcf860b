import type { DataSplit } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { sampleTexts, textsOf } from './corpus.js';

const splitOf = (...lines: [string, unknown][]): DataSplit => ({
  name: 'train',
  files: [],
  digest: '',
  async *records() {
    for (const [origin, record] of lines) yield { record, origin };
  },
});

async function all(texts: AsyncIterable<string>): Promise<string[]> {
  const found: string[] = [];
  for await (const text of texts) found.push(text);
  return found;
}

describe('textsOf', () => {
  const fields = ['title', 'text', 'turns'];

  it('joins the fields a record has; turns may be strings or objects', async () => {
    const split = splitOf(
      ['a:1', { title: '题', text: '文', other: 1 }],
      ['a:2', { turns: ['你好', '嗯'] }],
      ['a:3', { turns: [{ speaker: 'usr', text: '早' }] }],
      ['a:4', '直接'],
      ['a:5', { text: '' }],
    );
    expect(await all(textsOf(split, { fields }))).toEqual(['题\n文', '你好\n嗯', '早', '直接']);
  });

  it('repeats the texts of a source', async () => {
    const split = splitOf(['x/lccc-base/train.jsonl:1', { text: 'a' }], ['x/other.jsonl:1', { text: 'b' }]);
    expect(await all(textsOf(split, { fields, repeat: { 'lccc-base': 3 } }))).toEqual(['a', 'a', 'a', 'b']);
  });

  it('mends half surrogate pairs instead of losing the corpus', async () => {
    expect(await all(textsOf(splitOf(['a:1', { text: 'x\ud83dy😀' }]), { fields }))).toEqual(['x\ufffdy😀']);
  });

  it.each([
    ['no text field', { body: 'x' }, 'a:1: has none of the text fields title, text, turns'],
    ['a number', { text: 7 }, 'a:1: /text must be a string'],
    ['a turn that is none', { turns: [{ text: 'x' }, 3] }, 'a:1: /turns must be a string'],
    ['no object', 7, 'a:1:'],
  ])('names the line with %s', async (_, record, message) => {
    await expect(all(textsOf(splitOf(['a:1', record]), { fields }))).rejects.toThrow(message);
  });
});

describe('sampleTexts', () => {
  async function* texts(count: number) {
    for (let i = 0; i < count; i++) yield String(i).padStart(4, '0');
  }

  it('keeps everything that fits', async () => {
    expect(await sampleTexts(texts(10), 40)).toHaveLength(10);
  });

  it('spreads what it keeps over the whole corpus', async () => {
    const kept = (await sampleTexts(texts(1000), 400)).map(Number);
    expect(kept.length * 4).toBeLessThanOrEqual(400);
    expect(kept.length * 4).toBeGreaterThan(200);
    const gaps = new Set(kept.slice(1).map((value, i) => value - kept[i]!));
    expect(gaps.size).toBe(1);
    expect(kept.at(-1)).toBeGreaterThan(980);
  });
});
