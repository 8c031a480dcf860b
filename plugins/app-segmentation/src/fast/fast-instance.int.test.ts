import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeModelFolder } from '@zooid/hub';
import type { Model } from '@zooid/spec';
import { Random, type TensorMap } from '@zooid/tensor';
import { tinyFolderContent } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SegmentationItem, SegmentationParameters } from '../dto.js';
import { SegmentationInstance, type SegmentationOutput } from '../segmentation-instance.js';
import type { Word } from '../words.js';
import { prepareTinyFast } from './tiny-fast.fixture.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-fast-instance-'));
  await writeModelFolder(folder, tinyFolderContent(await prepareTinyFast(), { id: 'tiny-fast', app: 'segmentation' }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface FakeStudent extends Model {
  /** Units of every pass. */
  readonly passes: number[];
}

/** Scores by the unit, its pair and its neighbours alone. */
async function fakeStudent(): Promise<FakeStudent> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  const passes: number[] = [];
  return {
    passes,
    artifacts: { id: 'student', revision: '1', folder, config },
    concurrency: 2,
    async forward(inputs: TensorMap) {
      const [ids, pairs] = [inputs.input_ids!, inputs.pair_ids!];
      const length = ids.dims[1]!;
      passes.push(length);
      await new Promise((resolve) => setImmediate(resolve));
      const at = ({ data }: TensorMap[string], i: number) => Number(data[i] ?? 0);
      const logits = Float32Array.from({ length: 8 * length }, (_, i) => {
        const unit = Math.floor(i / 8);
        return Math.sin(at(ids, unit) * 7.3 + at(pairs, unit) * 1.9 + at(ids, unit + 1) * 0.7 + (i % 8) * 2.1);
      });
      return { logits: { dtype: 'float32', dims: [1, length, 8], data: logits } };
    },
    async [Symbol.asyncDispose]() {},
  };
}

const opened = async (model?: Model) => SegmentationInstance.open(model ?? (await fakeStudent()), {});
const parametersOf = (values: Partial<SegmentationParameters> = {}) =>
  Object.assign(new SegmentationParameters(), { quality: 'fast' }, values);
const wordsOf = (output: SegmentationOutput | undefined): readonly Word[] =>
  output !== undefined && 'words' in output ? output.words : [];
const textsOf = (words: readonly Word[]) => words.map(({ text }) => text);

const pool = [
  ...Array.from('这是一家移动互联网公司，。！、“”…—abcXYZ0123456789 \n\t\u3000'),
  ...[
    '😀',
    '👨‍👩‍👧‍👦',
    '🇨🇳',
    '1️⃣',
    '𠮷',
    '\u{10ffff}',
    '\u0000',
    '\ufffd',
    'e\u0301',
    '\u0301',
    'שלום',
    '\u200d',
    '한국어',
  ],
  ...['\r\n', '\u2028', "don't", '3.14', '[UNK]', '<number>'],
];
const randomText = (random: Random, pieces: number) =>
  Array.from({ length: 1 + random.int(pieces) }, () => random.choice(pool)).join('');

describe('words that the fast network finds', () => {
  it('are the text when joined, and nested, in 2,000 random Unicode texts', { timeout: 60_000 }, async () => {
    const instance = await opened();
    const random = new Random(31);
    const items: SegmentationItem[] = Array.from({ length: 2000 }, (_, i) => ({
      text: randomText(random, i % 50 === 0 ? 2500 : 30),
      lexicon: [{ surface: `${random.choice(pool)}公`.trim() }, { surface: '互联' }],
    }));
    for (const lexiconMode of ['prefer', 'force'] as const) {
      const outputs = await instance.run(items, parametersOf({ granularity: 'both', lexiconMode, codePoints: true }));
      const wrong = outputs.flatMap((output, i) => {
        const { text } = items[i]!;
        const { coarse, fine } = output as Extract<SegmentationOutput, { coarse: unknown }>;
        const fineEnds = new Set(fine.words.map(({ end }) => end));
        const isWhole = ({ words }: { readonly words: readonly Word[] }) =>
          textsOf(words).join('') === text &&
          words.every((word) => word.text !== '' && text.slice(word.start, word.end) === word.text) &&
          words.at(-1)!.codePoints![1] === Array.from(text).length;
        const isNested = coarse.words.every(({ end }) => fineEnds.has(end));
        return isWhole(coarse) && isWhole(fine) && isNested ? [] : [text];
      });
      expect(wrong).toEqual([]);
    }
  });

  it('obey what is forced in all of 5,000 random cases', { timeout: 60_000 }, async () => {
    const instance = await opened();
    const random = new Random(7);
    const characters = Array.from('这是一家移动互联网公司我在电视机');
    const items = Array.from({ length: 5000 }, () => {
      const text = Array.from({ length: 2 + random.int(30) }, () => random.choice(characters)).join('');
      const start = random.int(text.length);
      return { text, lexicon: [{ surface: text.slice(start, start + 1 + random.int(6)) }] };
    });
    for (const granularity of ['fine', 'coarse'] as const) {
      const outputs = await instance.run(items, parametersOf({ granularity, lexiconMode: 'force' }));
      const disobeyed = items.filter(({ text, lexicon: [entry] }, i) => {
        const start = text.indexOf(entry!.surface);
        return !wordsOf(outputs[i]).some((word) => word.start === start && word.text === entry!.surface);
      });
      expect(disobeyed).toEqual([]);
    }
  });

  it('do not depend on the company that a text comes in, nor on where a long one is cut', async () => {
    const instance = await opened();
    const random = new Random(11);
    const items = Array.from({ length: 60 }, (_, i) => ({ text: randomText(random, i % 20 === 0 ? 12_000 : 40) }));
    const together = await instance.run(items, parametersOf({ granularity: 'both' }));
    for (const [i, item] of items.entries()) {
      expect(await instance.run([item], parametersOf({ granularity: 'both' }))).toEqual([together[i]]);
    }
  });

  it('go through in batches of like size, while others have the event loop', async () => {
    const model = await fakeStudent();
    const instance = await opened(model);
    let [turns, isOver] = [0, false];
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const text = '移动互联网公司在北京大学，结果也不一样。'.repeat(10_000);
    let tokens = 0;
    const onTokens = (read: number) => {
      tokens = read;
    };
    let told = 0;
    const onQueued = () => {
      told++;
    };
    const [output] = await instance.run([{ text }], parametersOf(), { onTokens, onQueued });
    isOver = true;
    expect(textsOf(wordsOf(output)).join('')).toBe(text);
    expect([tokens, told]).toEqual([text.length, 1]);
    expect(Math.max(...model.passes)).toBeLessThanOrEqual(2048);
    expect(model.passes.length).toBeLessThan(1.1 * (text.length / 2000));
    expect(turns).toBeGreaterThan(model.passes.length / 4); // two of which end in one turn
  });

  it('end with the request that nobody wants any more', async () => {
    const instance = await opened();
    const leaving = new AbortController();
    const text = '移动互联网'.repeat(100_000);
    const answer = instance.run([{ text }], parametersOf(), { signal: leaving.signal });
    setTimeout(() => leaving.abort(), 5);
    await expect(answer).rejects.toMatchObject({ code: 'ABORTED' });
  });
});

describe('the folder of a fast network', () => {
  it.each([
    ['pairs.tsv', '', /pair_vocab_size is \d+, but the files beside it make 2 rows/],
    ['characters.txt', undefined, /characters.txt: is missing, but a fast network needs it/],
    ['pairs.tsv', 'x\n', /\/pairs\/0 must be two known characters/],
  ])('is refused when %s is not what it was', async (name, content, message) => {
    const damaged = await mkdtemp(join(tmpdir(), 'zooid-fast-damaged-'));
    try {
      const { config, files } = tinyFolderContent(await prepareTinyFast(), { id: 'damaged', app: 'segmentation' });
      const others = [...files].filter(([file]) => file !== name);
      const kept = new Map(content === undefined ? others : [...others, [name, content] as const]);
      const manifest = {
        id: 'damaged',
        app: 'segmentation',
        method: 'x',
        recipe: {},
        data: [],
        seeds: [],
        metrics: {},
      };
      await writeModelFolder(damaged, { config, files: kept, manifest: { ...manifest, createdWith: {} }, card: '' });
      const model = await fakeStudent();
      await expect(opened({ ...model, artifacts: { ...model.artifacts, folder: damaged } })).rejects.toThrow(message);
    } finally {
      await rm(damaged, { recursive: true, force: true });
    }
  });
});
