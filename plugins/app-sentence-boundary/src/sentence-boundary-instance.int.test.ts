import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Model } from '@zooid/spec';
import { Random, type TensorMap } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SentenceOutput } from './answer.js';
import { LONGEST_SENTENCE } from './decode/partial.js';
import { PartialState, SentenceItem, SentenceParameters } from './dto.js';
import { SentenceBoundaryInstance } from './sentence-boundary-instance.js';
import { SentenceStream, type StreamedSentence } from './sentence-stream.js';
import { prepareTiny, writeTinyFolder } from './tiny-sentences.fixture.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-sentences-instance-'));
  await writeTinyFolder(folder, await prepareTiny());
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface FakeModel extends Model {
  /** Tokens of each row read, in order. */
  readonly rows: number[];
  /** Most rows under way at once, over all passes that run. */
  mostRows: number;
}

/** Logits that follow from a token and what stands beside it, right and left: what comes later changes what is said of a place. */
async function fakeModel(scale = 4): Promise<FakeModel> {
  const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
  let running = 0;
  const model: FakeModel = {
    artifacts: { id: 'fake', revision: '1', folder, config },
    concurrency: 2,
    rows: [],
    mostRows: 0,
    async forward(inputs: TensorMap, { outputs } = {}) {
      const { data, dims } = inputs.input_ids!;
      const mask = inputs.attention_mask!.data as BigInt64Array;
      const [rows, sequence] = dims as [number, number];
      running += rows;
      model.mostRows = Math.max(model.mostRows, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= rows;
      for (let row = 0; row < rows; row++) {
        model.rows.push(mask.subarray(row * sequence, (row + 1) * sequence).filter((one) => one === 1n).length);
      }
      const id = (i: number) => Number(data[i] ?? 0);
      const logits = (classes: number) => {
        const values = Float32Array.from({ length: rows * sequence * classes }, (_, i) => {
          const place = Math.floor(i / classes);
          const seen = 7.3 * id(place) + 3.1 * id(place + 1) + 1.7 * id(place - 1) + 2.1 * (i % classes);
          return scale * Math.sin(seen) - (i % classes === 0 ? 0 : 2);
        });
        return { dtype: 'float32', dims: [rows, sequence, classes], data: values } as const;
      };
      const all = { cut_logits: logits(2), punct_logits: logits(5) };
      return Object.fromEntries(Object.entries(all).filter(([name]) => outputs?.includes(name) ?? true));
    },
    async [Symbol.asyncDispose]() {},
  };
  return model;
}

const opened = async (model?: Model) => SentenceBoundaryInstance.open(model ?? (await fakeModel()), {});
const parametersOf = (values: Partial<SentenceParameters> = {}) => Object.assign(new SentenceParameters(), values);
const itemOf = ({ partial, ...item }: { text: string; partial?: Partial<PartialState> }) =>
  Object.assign(new SentenceItem(), item, partial && { partial: Object.assign(new PartialState(), partial) });
const textsOf = ({ sentences }: SentenceOutput) => sentences.map(({ text }) => text);

/** Everything that Unicode has in store, well-formed. */
const pool = [
  ...Array.from('打开空调明天气怎么样，。！？、：；“”（）…—abcXYZ0123456789,.!?:; \n\t\u3000'),
  ...['😀', '👨‍👩‍👧‍👦', '👍🏽', '🇨🇳', '🏴󠁧󠁢󠁥󠁮󠁧󠁿', '1️⃣', '𠮷', '葛\u{e0100}', '\u{10ffff}', '\u0000', '\ufffd', '\uffff'],
  ...['e\u0301', '\u0301', 'שלום', 'العربية', '\u200f', '\u202e', '\u2066', '\u200b', '\u200d', '\u2060', '\ufeff'],
  ...['한국어', 'かな', 'ไทย', 'नमस्ते', 'ﬁ', 'İ', '\r\n', '\u2028', "don't", '3.14', '[SEP]', '[UNK]'],
];
const randomText = (random: Random, pieces: number) =>
  Array.from({ length: 1 + random.int(pieces) }, () => random.choice(pool)).join('');

describe('joined sentences', () => {
  it('are the text in 2,000 random Unicode texts, with places that fit', async () => {
    const instance = await opened();
    const random = new Random(23);
    const texts = Array.from({ length: 2000 }, (_, i) => randomText(random, i % 50 === 0 ? 400 : 30));
    for (const mode of ['cut', 'punct']) {
      const outputs = await instance.run(
        texts.map((text) => itemOf({ text })),
        parametersOf({ mode, codePoints: true }),
      );
      const wrong = outputs.flatMap((output, i) => {
        const text = texts[i]!;
        const isWhole =
          textsOf(output).join('') === text &&
          output.sentences.every(({ start, end, text: of }) => of !== '' && text.slice(start, end) === of) &&
          output.sentences.at(-1)!.codePoints![1] === Array.from(text).length;
        const isRestored =
          mode === 'cut' || output.sentences.map(({ punctuated }) => punctuated).join('') === output.text;
        return isWhole && isRestored && output.isComplete >= 0 && output.isComplete <= 1 ? [] : [text];
      });
      expect(wrong).toEqual([]);
    }
  });

  it('keep the text as it is where marks are added', async () => {
    const instance = await opened();
    const random = new Random(29);
    for (let i = 0; i < 200; i++) {
      const text = randomText(random, 40);
      const [output] = await instance.run([itemOf({ text })], parametersOf({ mode: 'punct', threshold: 0.3 }));
      let at = 0;
      const isAdded = (character: string) => '，。？！'.includes(character);
      // Every character is the text's next one, or a mark that was added.
      for (const character of Array.from(output!.text!)) {
        if (text.startsWith(character, at)) at += character.length;
        else expect(isAdded(character), JSON.stringify([text, output!.text])).toBe(true);
      }
      expect(at).toBe(text.length);
    }
  });

  it('never divide a character, a Latin word or a number', async () => {
    const instance = await opened();
    const whole = ['👨‍👩‍👧‍👦', 'e\u0301', '🇨🇳', '9,999.5', '👍🏽', "don't", '打', '葛\u{e0100}'];
    const parameters = parametersOf({ threshold: 0, minLength: 1 });
    const [output] = await instance.run([itemOf({ text: whole.join('') })], parameters);
    expect(textsOf(output!)).toEqual(whole);
  });

  it('end where the text ends them', async () => {
    const instance = await opened();
    const [output] = await instance.run([itemOf({ text: '好。他说：“行！”走\n再见' })], parametersOf({ threshold: 1 }));
    expect(textsOf(output!)).toEqual(['好。', '他说：“行！”', '走\n', '再见']);
  });
});

describe('thresholds', () => {
  it('are the model’s unless the request has one: a lower one cuts more', async () => {
    const instance = await opened();
    const item = itemOf({ text: '打开空调明天天气怎么样'.repeat(6) });
    const counts = [];
    for (const threshold of [0, 0.2, 0.5, 0.9, 1]) {
      const [output] = await instance.run([item], parametersOf({ threshold }));
      counts.push(output!.sentences.length);
      if (threshold === 0) {
        // As many as fit, the likelier ones first.
        expect(new Set(textsOf(output!).map(({ length }) => length))).toEqual(new Set([2, 3]));
      }
    }
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
    expect(counts.at(-1)).toBe(1);
    expect(counts[1]).toBeGreaterThan(counts[3]!);
    const [own] = await instance.run([item], parametersOf());
    expect(own!.sentences).toHaveLength(counts[2]!);
  });
});

describe('a partial result', () => {
  const text = '打开空调明天天气怎么样再见你好谢谢'.repeat(8);

  it('reads again no more than the end of what came', async () => {
    const model = await fakeModel();
    const instance = await opened(model);
    const item = itemOf({ text, partial: { committed: 4, settled: text.length - 30 } });
    const [output] = await instance.run([item], parametersOf({ threshold: 1, window: 10 }));
    // 30 that are new and 10 before them, in windows that overlap.
    expect(model.rows.reduce((sum, tokens) => sum + tokens - 2, 0)).toBeLessThan(80);
    expect(output).toMatchObject({ sentences: [], rest: text.slice(4) });
    expect(output!.partial).toEqual({ committed: 4, settled: text.length - 10 });
  });

  it('answers with what is final and what is not, from the place that was final', async () => {
    const instance = await opened();
    const parameters = parametersOf({ mode: 'punct', codePoints: true });
    const [output] = await instance.run([itemOf({ text: `😀${text}`, partial: { committed: 6 } })], parameters);
    const { sentences, rest, partial } = output!;
    expect(sentences[0]).toMatchObject({ start: 6, codePoints: [5, expect.any(Number)] });
    expect(textsOf(output!).join('') + rest).toBe(`😀${text}`.slice(6));
    expect(partial!.committed).toBe(sentences.at(-1)!.end);
    const restored = sentences.map(({ punctuated }) => punctuated).join('');
    expect(output!.text!.startsWith(restored)).toBe(true);
  });

  it('of which all is final leaves nothing', async () => {
    const instance = await opened();
    const [output] = await instance.run([itemOf({ text: '好', partial: { committed: 1 } })], parametersOf());
    expect(output).toEqual({
      mode: 'cut',
      sentences: [],
      isComplete: 0,
      rest: '',
      partial: { committed: 1, settled: 1 },
    });
  });
});

describe('a stream', () => {
  /** All that a stream gives, and how it was called. */
  async function streamed(text: string, random: Random, parameters: SentenceParameters, most: number) {
    const instance = await opened();
    const stream = new SentenceStream(
      async ({ text: of, partial }) =>
        (await instance.run([itemOf({ text: of, ...(partial && { partial }) })], parameters))[0]!,
    );
    const found: StreamedSentence[] = [];
    let longest = 0;
    for (let at = 0; at < text.length; ) {
      const next = Math.min(text.length, at + 1 + random.int(most));
      const before = found.length;
      found.push(...(await stream.append(text.slice(at, next), { pause: random.bernoulli(0.05) })));
      at = next;
      // What was given out is a prefix of what came, and stays.
      const given = found.map((sentence) => sentence.text).join('');
      if (given + stream.rest !== text.slice(0, at) || found.length < before) throw new Error(`not a prefix at ${at}`);
      longest = Math.max(longest, stream.rest.length);
    }
    found.push(...(await stream.finish()));
    return { found, longest };
  }

  it.each(['cut', 'punct'])(
    'never changes what it gave out, in random texts that come in random pieces: %s',
    async (mode) => {
      const random = new Random(31);
      for (let round = 0; round < 60; round++) {
        const text = randomText(random, 120);
        const { found } = await streamed(text, random, parametersOf({ mode }), 12);
        expect(found.map((sentence) => sentence.text).join('')).toBe(text);
        for (const { text: of, start, end } of found) expect(text.slice(start, end)).toBe(of);
      }
    },
  );

  it('of one endless sentence keeps no more than a limit of it', { timeout: 60_000 }, async () => {
    const random = new Random(37);
    const text = Array.from({ length: 5000 }, () => random.choice(Array.from('打开空调明天气怎么样'))).join('');
    const { found, longest } = await streamed(text, random, parametersOf({ threshold: 1 }), 40);
    expect(found.map((sentence) => sentence.text).join('')).toBe(text);
    expect(found.length).toBeGreaterThan(5000 / LONGEST_SENTENCE);
    expect(longest).toBeLessThanOrEqual(LONGEST_SENTENCE + 4);
  });
});

describe('a text of a megabyte', () => {
  const sentence = '打开空调明天天气怎么样再见你好谢谢播放';
  const long = sentence.repeat(Math.ceil(1_000_000 / Buffer.byteLength(sentence)));

  it('goes through some hundred rows at a time, while others have the event loop', { timeout: 120_000 }, async () => {
    const model = await fakeModel();
    const instance = await opened(model);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const [output] = await instance.run([itemOf({ text: long })], parametersOf());
    isOver = true;
    expect(textsOf(output!).join('')).toBe(long);
    expect(output!.sentences.length).toBeGreaterThan(1000);
    expect(model.rows.length).toBeGreaterThan(5000);
    expect(model.mostRows).toBeLessThanOrEqual(256);
    expect(turns).toBeGreaterThan(1000);
  });
});

describe('evaluation', () => {
  it('scores each mode on the records that have labels of it, and shows what was expected', async () => {
    const instance = await opened();
    const records = [{ queries: ['打开空调', '明天天气怎么样'] }, { input: '你好请打开空调', labels: '_，____。' }];
    const { metrics, cases, answers } = await instance.evaluate(records);
    expect(answers.map(({ mode }) => mode)).toEqual(['cut', 'cut']);
    for (const name of ['cutF1', 'cutPrecisionAt50', 'cutExactMatch', 'punctF1', 'punctF1/，'])
      expect(metrics).toHaveProperty(name);
    expect(metrics).not.toHaveProperty('punctF1/？');
    const shown = [...cases!()];
    expect(shown.map(({ index, group }) => `${index} ${group}`)).toEqual(['0 cut', '1 cut', '1 punct']);
    expect(shown[0]!.expected).toEqual([
      { start: 0, end: 4 },
      { start: 4, end: 11 },
    ]);
    expect(shown[2]!.expected).toEqual([{ start: 1, end: 2, label: '，' }]);
  });
});
