import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model, SegmentsCase } from '@zooid/spec';
import { Random, type TensorMap } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SegmentationItem, SegmentationParameters } from './dto.js';
import { SegmentationInstance, type SegmentationOutput } from './segmentation-instance.js';
import { prepareTiny, tinyRecords, writeTinyFolder } from './tiny-segmentation.fixture.js';
import type { Word } from './words.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-instance-'));
  await writeTinyFolder(folder, await prepareTiny());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface FakeModel extends Model {
  passes: number;
  /** Most rows under way at once, over all passes that run. */
  mostRows: number;
}

/** Scores that follow from the token and its tag alone, so that where a text is cut makes no difference to them. */
async function fakeModel(): Promise<FakeModel> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  let running = 0;
  const model: FakeModel = {
    artifacts: { id: 'fake', revision: '1', folder, config },
    concurrency: 2,
    passes: 0,
    mostRows: 0,
    async forward(inputs: TensorMap) {
      const { data, dims } = inputs.input_ids!;
      const [rows, sequence] = dims as [number, number];
      model.passes++;
      running += rows;
      model.mostRows = Math.max(model.mostRows, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= rows;
      const logits = Float32Array.from({ length: rows * sequence * 4 }, (_, i) => {
        const place = Math.floor(i / 4);
        const tag = Number(data[Math.floor(place / sequence) * sequence + 1]);
        return Math.sin(Number(data[place]) * 7.3 + (i % 4) * 2.1 + tag);
      });
      return { logits: { dtype: 'float32', dims: [rows, sequence, 4], data: logits } };
    },
    async [Symbol.asyncDispose]() {},
  };
  return model;
}

async function opened(model?: Model) {
  return SegmentationInstance.open(model ?? (await fakeModel()), {});
}
const parametersOf = (values: Partial<SegmentationParameters> = {}) =>
  Object.assign(new SegmentationParameters(), values);
const wordsOf = (output: SegmentationOutput | undefined): readonly Word[] =>
  output !== undefined && 'words' in output ? output.words : [];
const textsOf = (words: readonly Word[]) => words.map(({ text }) => text);

/** Everything that Unicode has in store, well-formed. */
const pool = [
  ...Array.from('中文分词，。！、“”（）…—abcXYZ0123456789 \n\t\u3000'),
  ...['😀', '👨‍👩‍👧‍👦', '👍🏽', '🇨🇳', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '𠮷', '葛\u{e0100}', '\u{10ffff}', '\u0000', '\ufffd', '\uffff'],
  ...['e\u0301', '\u0301', 'שלום', 'العربية', '\u200f', '\u202e', '\u2066', '\u200b', '\u200d', '\u2060', '\ufeff'],
  ...[
    '한국어',
    '\u1100\u1161',
    'かな',
    'ไทย',
    'नमस्ते',
    'ﬁ',
    'İ',
    'ẞ',
    '\r\n',
    '\u2028',
    "don't",
    '3.14',
    '[SEP]',
    '[UNK]',
  ],
];
const randomText = (random: Random, pieces: number) =>
  Array.from({ length: 1 + random.int(pieces) }, () => random.choice(pool)).join('');

describe('joined words', () => {
  it('are the text in all of 3,000 random Unicode texts, with places that fit', { timeout: 120_000 }, async () => {
    const instance = await opened();
    const random = new Random(23);
    const items: SegmentationItem[] = Array.from({ length: 3000 }, (_, i) => ({
      text: randomText(random, i % 50 === 0 ? 400 : 30),
      lexicon: [{ surface: `${random.choice(pool)}中`.trim() }, { surface: '分词' }],
    }));
    for (const lexiconMode of ['prefer', 'force'] as const) {
      const outputs = await instance.run(items, parametersOf({ granularity: 'both', lexiconMode, codePoints: true }));
      const wrong: string[] = [];
      for (const [i, output] of outputs.entries()) {
        const { text } = items[i]!;
        const { coarse, fine } = output as Extract<SegmentationOutput, { coarse: unknown }>;
        const fineEnds = new Set(fine.words.map(({ end }) => end));
        const isWhole = ({ words }: { readonly words: readonly Word[] }) =>
          textsOf(words).join('') === text &&
          words.every((word) => word.text !== '' && text.slice(word.start, word.end) === word.text) &&
          words.at(-1)!.codePoints![1] === Array.from(text).length;
        const isNested = coarse.words.every(({ end }) => fineEnds.has(end));
        if (!isWhole(coarse) || !isWhole(fine) || !isNested) wrong.push(text);
      }
      expect(wrong).toEqual([]);
    }
  });

  it('keep Latin words and numbers whole, and white space apart', async () => {
    const instance = await opened();
    const [output] = await instance.run([{ text: '买 iPhone15 花了 9,999.5 元' }], parametersOf());
    const words = textsOf(wordsOf(output));
    for (const whole of ['iPhone15', '9,999.5', ' ']) expect(words).toContain(whole);
    expect(words.filter((word) => /\s/.test(word) && word.trim() !== '')).toEqual([]);
  });
});

describe('a text of a megabyte', () => {
  const sentence = '移动互联网公司在北京大学，结果也不一样。';
  const long = sentence.repeat(Math.ceil(1_000_000 / Buffer.byteLength(sentence)));

  it('goes through some hundred rows at a time, while others have the event loop', { timeout: 60_000 }, async () => {
    const model = await fakeModel();
    const instance = await opened(model);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const [output] = await instance.run([{ text: long }], parametersOf());
    isOver = true;
    expect(textsOf(wordsOf(output)).join('')).toBe(long);
    expect(model.passes).toBeGreaterThan(500);
    // Those of the batches that run, never those of the whole text, of which there are thousands.
    expect(model.mostRows).toBeLessThanOrEqual(512);
    expect(turns).toBeGreaterThan(model.passes / 2);
  });

  it('obeys entries that reach over the places where it is cut', async () => {
    const instance = await opened();
    const surface = '不一样。移动';
    const [output] = await instance.run(
      [{ text: sentence.repeat(50), lexicon: [{ surface }] }],
      parametersOf({ lexiconMode: 'force' }),
    );
    expect(textsOf(wordsOf(output)).filter((word) => word === surface)).toHaveLength(49);
  });

  it('is joined without a seam, with and without places to cut', async () => {
    const instance = await opened();
    const seamless = Array.from('移动互联网公司在北京大学结果也不一样');
    const random = new Random(3);
    const items = [seamless, Array.from(sentence)].map((characters) => ({
      text: Array.from({ length: 490 }, () => random.choice(characters)).join(''),
    }));
    // The scores of this model do not depend on neighbours, so neither may the words depend on the windows.
    const wide = await SegmentationInstance.open(await withWindows(512), {});
    expect(await instance.run(items, parametersOf())).toEqual(await wide.run(items, parametersOf()));
  });
});

async function withWindows(units: number): Promise<Model> {
  const model = await fakeModel();
  const { segmentation, ...config } = model.artifacts.config as Record<string, { options: object }>;
  const options = { ...segmentation!.options, maxUnits: Math.min(500, units) };
  return {
    ...model,
    artifacts: { ...model.artifacts, config: { ...config, segmentation: { ...segmentation, options } } },
  };
}

describe('requests', () => {
  it('get the first granularity of the model when they name none', async () => {
    const instance = await opened();
    const [output] = await instance.run([{ text: '好' }], parametersOf());
    expect(output).toEqual({ granularity: 'fine', words: [{ text: '好', start: 0, end: 1 }] });
  });

  it('learn which granularities there are, the nearest name first', async () => {
    const instance = await opened();
    const asking = instance.run([{ text: '好' }], parametersOf({ granularity: 'coarser' }));
    await expect(asking).rejects.toThrow(
      `/parameters/granularity is "coarser", which this model was not trained for; did you mean 'coarse'?; known: fine, coarse, both`,
    );
  });

  it('keep the dictionaries that they started with', async () => {
    const instance = await opened();
    const { lexicons } = instance.collections;
    const body = (surface: string) => Object.assign(new lexicons!.body(), { entries: [{ surface }], mode: 'force' });
    await lexicons!.put('live', body('米粉'));
    const running = instance.run([{ text: '米粉丝' }], parametersOf());
    await lexicons!.put('live', body('粉丝'));
    expect(textsOf(wordsOf((await running)[0]))).toEqual(['米粉', '丝']);
    expect(textsOf(wordsOf((await instance.run([{ text: '米粉丝' }], parametersOf()))[0]))).toEqual(['米', '粉丝']);
  });

  it('are told how many tokens were read, and once how long they waited', async () => {
    const instance = await opened();
    let tokens = 0;
    const onTokens = (count: number) => {
      tokens += count;
    };
    let told = 0;
    const onQueued = () => {
      told++;
    };
    await instance.run([{ text: '好 人' }, { text: '好' }], parametersOf({ granularity: 'both' }), { onTokens });
    await instance.run([{ text: '好，'.repeat(20_000) }], parametersOf(), { onQueued });
    expect(told).toBe(1);
    // [CLS], the tag and [SEP] around the characters, at two granularities.
    expect(tokens).toBe(2 * (2 + 3 + 1 + 3));
  });

  it('can refuse an item for its length before the model has read it', async () => {
    const instance = await opened();
    const seen: (readonly [number, number])[] = [];
    const onTokens = (_: number, perItem: readonly number[] = []) => {
      perItem.forEach((count, index) => {
        seen.push([index, count]);
        if (count > 3) throw new RangeError(`item ${index}`);
      });
    };
    const items = [{ text: '好人' }, { text: '好人好' }, { text: '好人好人' }, { text: '好' }];
    await expect(instance.run(items, parametersOf(), { onTokens })).rejects.toThrow('item 2');
    expect(seen).toEqual([
      [0, 2],
      [1, 3],
      [2, 4],
    ]);
  });
});

describe('dictionaries of the model folder', () => {
  let own: string;
  const openedOn = async () => {
    const model = await fakeModel();
    return opened({ ...model, artifacts: { ...model.artifacts, folder: own } });
  };
  beforeAll(async () => {
    own = await mkdtemp(join(tmpdir(), 'zooid-segmentation-own-'));
    await writeTinyFolder(own, await prepareTiny());
    await mkdir(join(own, 'lexicons'));
  });
  afterAll(() => rm(own, { recursive: true, force: true }));

  it('are used as if they had been put there, and can be replaced', async () => {
    await writeFile(join(own, 'lexicons/brands.json'), '{"entries":[{"surface":"米粉"}],"mode":"force"}');
    const instance = await openedOn();
    const { lexicons } = instance.collections;
    expect(lexicons!.list()).toMatchObject([{ name: 'brands', size: 1 }]);
    expect(textsOf(wordsOf((await instance.run([{ text: '米粉丝' }], parametersOf()))[0]))).toEqual(['米粉', '丝']);
    await lexicons!.put(
      'brands',
      Object.assign(new lexicons!.body(), { entries: [{ surface: '粉丝' }], mode: 'force' }),
    );
    expect(textsOf(wordsOf((await instance.run([{ text: '米粉丝' }], parametersOf()))[0]))).toEqual(['米', '粉丝']);
  });

  it.each([
    ['{"entries":[{"surface":"米粉","granularity":"huge"}]}', /brands.json: \/entries\/0\/granularity is "huge"/],
    [
      '{"entries":[{"surface":"米粉"}],"mood":"force"}',
      /brands.json: \/mood is an unknown key; allowed: entries, mode, scope/,
    ],
    ['{"entries":', /brands.json: is not valid JSON/],
  ])('are refused with file and field: %s', async (content, message) => {
    await writeFile(join(own, 'lexicons/brands.json'), content);
    await expect(openedOn()).rejects.toThrow(message);
  });
});

describe('labelled records', () => {
  it('are scored per granularity, each of which a record may lack', async () => {
    const instance = await opened();
    const records = [...tinyRecords.slice(0, 2), { text: '好人', words: ['好', '人'] }];
    const { answers, metrics } = await instance.evaluate(records);
    expect(answers.map(({ granularity }) => granularity)).toEqual(['fine', 'fine', 'fine']);
    expect(metrics).toHaveProperty('fineF1');
    expect(metrics).toHaveProperty('coarseIvRecall');
    await expect(instance.evaluate([records[0], { text: '好人', words: ['坏人'] }])).rejects.toThrow(
      '/1/words must spell',
    );
  });

  it('are shown word by word beside the answers, with what training did not know', async () => {
    const instance = await opened();
    const text = '好人 New';
    const { cases } = await instance.evaluate([{ text, words: ['好', '人', 'New'] }, tinyRecords[0]]);
    const [first, ...others] = cases!();
    expect(first).toMatchObject({
      kind: 'segments',
      index: 0,
      group: 'fine',
      text,
      expected: [
        { start: 0, end: 1, unknown: true },
        { start: 1, end: 2, unknown: true },
        { start: 3, end: 6, unknown: true },
      ],
    });
    expect((first as SegmentsCase).answered.map(({ start, end }) => text.slice(start, end)).join('')).toBe('好人New');
    expect(others.map(({ index, group }) => [index, group])).toEqual([
      [1, 'fine'],
      [1, 'coarse'],
    ]);
    expect((others as SegmentsCase[]).flatMap(({ expected }) => expected).some(({ unknown }) => unknown)).toBe(false);
    expect([...cases!()]).toHaveLength(3); // any number of times
  });
});

describe('model folders', () => {
  it('are refused when their parts contradict each other', async () => {
    const broken = await mkdtemp(join(tmpdir(), 'zooid-segmentation-broken-'));
    await writeTinyFolder(broken, await prepareTiny());
    await writeFile(join(broken, 'bigrams.tsv'), 'no pair\n');
    const model = await fakeModel();
    const opening = (config: object) =>
      opened({
        ...model,
        artifacts: { ...model.artifacts, folder: broken, config: { ...model.artifacts.config, ...config } },
      });
    await expect(opening({})).rejects.toThrow(/bigrams.tsv: \/0 must be two symbols/);
    await rm(join(broken, 'bigrams.tsv'));
    await expect(opening({})).rejects.toMatchObject({
      code: 'MODEL_FAILED',
      message: expect.stringContaining('is missing'),
    });
    await expect(opening({ segmentation: {} })).rejects.toThrow('was not trained by the app');
    await rm(broken, { recursive: true });
  });
});
