import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { writeModelFolder } from '@zooid/hub';
import { createKernel, type Kernel, pipeline } from '@zooid/kernel';
import type { ClassifiedToken, TokenEntity } from '@zooid/spec';
import storeLocal from '@zooid/store-local';
import { parseTag } from '@zooid/tagging';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyContent, writeHubFolder } from './tiny-tagger.fixture.js';

const plugins = [storeLocal, backendOnnx, plugin];
let root: string;
let kernel: Kernel;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-tagging-'));
  await writeHubFolder(join(root, 'hub'));
  for (const [name, options] of Object.entries({
    legal: { scheme: 'BIES' },
    crf: { scheme: 'BIES', decoder: 'crf' },
  })) {
    await writeModelFolder(join(root, name), tinyContent(await prepareTiny(options)));
  }
  kernel = await createKernel({ plugins, config: { root, settings: { 'backend-onnx': { workers: 1 } } } });
  // The Hub's folder has no zooid.json: its config.json tells what it is for.
  for (const name of ['hub', 'legal', 'crf']) await kernel.endpoints.open(name, join(root, name));
}, 60_000);
afterAll(async () => {
  await kernel?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

const answer = async <Answer = TokenEntity>(name: string, input: unknown, parameters: object = {}) =>
  (await kernel.endpoints.run(name, input, parameters)).outputs[0] as Answer[];
const tokensOf = (name: string, input: string, parameters: object = {}) =>
  answer<ClassifiedToken>(name, input, { aggregation_strategy: 'none', ignore_labels: [], ...parameters });

describe('answers', () => {
  it('name every token of the text, and no special one', async () => {
    const tokens = await tokensOf('hub', 'Anna went to yorker Zoe.');
    expect(tokens.map(({ index, word, start, end }) => [index, word, start, end])).toEqual([
      [1, 'anna', 0, 4],
      [2, 'went', 5, 9],
      [3, 'to', 10, 12],
      [4, 'york', 13, 17],
      [5, '##er', 17, 19],
      [6, 'Zoe', 20, 23], // unknown: the text itself
      [7, '.', 23, 24],
    ]);
    for (const { score } of tokens) expect(score > 0.2 && score <= 1).toBe(true);
  });

  it('leave out what is to be ignored: by label, or by type of span', async () => {
    const text = 'anna went to new york';
    const all = await answer('hub', text, { ignore_labels: [] });
    const names = [...new Set(all.map(({ entity_group }) => entity_group))];
    for (const name of names) {
      const kept = await answer('hub', text, { ignore_labels: [name] });
      expect(kept).toEqual(all.filter(({ entity_group }) => entity_group !== name));
    }
    expect(await answer('hub', text)).toEqual(all.filter(({ entity_group }) => entity_group !== 'O'));
  });

  it('keep words whole with the strategies for words', async () => {
    for (const aggregation_strategy of ['first', 'average', 'max']) {
      const spans = await answer('hub', 'anna to yorker newer', { aggregation_strategy, ignore_labels: [] });
      const edges = spans.flatMap(({ start, end }) => [start, end]);
      expect(edges.filter((edge) => [12, 18].includes(edge))).toEqual([]); // within yorker, newer
    }
  });

  it('give code points where they are asked for', async () => {
    const text = '😀 anna';
    const [token] = (await tokensOf('hub', text, { code_points: true })).slice(-1);
    expect(token).toMatchObject({ start: 3, end: 7, code_points: [2, 6] });
    expect((await tokensOf('hub', text))[0]).not.toHaveProperty('code_points');
  });

  it.each(['legal', 'crf'])('are legal sequences of models trained here: %s', async (name) => {
    for (const text of ['小明去北京了', 'Anna is in 南京路', '王李四上海小明在', '好']) {
      const tags = (await tokensOf(name, text)).map(({ entity }) => parseTag(entity));
      tags.forEach(({ place, type }, i) => {
        const next = tags[i + 1];
        const mustGoOn = place === 'B' || place === 'I';
        const goesOn = next !== undefined && (next.place === 'I' || next.place === 'E') && next.type === type;
        expect(goesOn).toBe(mustGoOn);
      });
    }
  });
});

describe('long texts', () => {
  // The Hub's folder reads 16 tokens, 14 of a text.
  const text = 'anna went to new york with newer . '.repeat(12);

  it('are read to the end, every token once', async () => {
    for (const stride of [0, 3, 13]) {
      const tokens = await tokensOf('hub', text, { stride });
      expect(tokens.map(({ index }) => index)).toEqual(Array.from({ length: 9 * 12 }, (_, i) => i + 1));
      expect(tokens.every(({ word, start, end }) => text.slice(start, end) === word.replace('##', ''))).toBe(true);
    }
  });

  it('answer with what the window says that sees more around a token', async () => {
    const long = await tokensOf('hub', text, { stride: 4 });
    // The first window reads 14 tokens and shares the last 4, of which it keeps 2.
    const alone = await tokensOf('hub', text.slice(0, long[13]!.end));
    expect(long.slice(0, 12)).toEqual(alone.slice(0, 12));
    expect(long.slice(12, 14)).not.toEqual(alone.slice(12, 14));
  });

  it('of any length are read in sections, and indices and offsets count on', async () => {
    const many = `${text.trim()}\n`.repeat(100); // 10,800 tokens
    const tokens = await tokensOf('hub', many);
    expect(tokens).toHaveLength(9 * 12 * 100);
    expect(tokens.every(({ index }, i) => index === i + 1)).toBe(true);
    expect(tokens.every(({ word, start, end }) => many.slice(start, end) === word.replace('##', ''))).toBe(true);
  });

  it('refuse to share all that is read at once', async () => {
    await expect(answer('hub', text, { stride: 14 })).rejects.toThrow(
      /\/parameters\/stride must be less than the 14 tokens of a text that the model reads at once/,
    );
  });
});

describe('evaluation', () => {
  it('reads spans and tags, and scores every type', async () => {
    const records = [
      { text: 'anna went', entities: [{ type: 'PER', start: 0, end: 4 }] },
      { text: 'to york', entities: [{ type: 'LOC', start: 3, end: 7 }] },
    ];
    const { answers, metrics } = await kernel.endpoints.get('hub').evaluate(records);
    const found = (answers as TokenEntity[][]).flat().length;
    expect(metrics).toMatchObject({ 'f1/PER': expect.any(Number), 'recall/LOC': expect.any(Number) });
    expect(metrics.precision! * found).toBeCloseTo(metrics.recall! * 2, 10); // both are the number of right ones
  });

  it('shows what was expected beside what was answered, in text order', async () => {
    const text = 'anna went to york';
    const entities = [
      { type: 'LOC', start: 13, end: 17 },
      { type: 'PER', start: 0, end: 4 },
    ];
    const { answers, cases } = await kernel.endpoints.get('hub').evaluate([{ text, entities }]);
    const answered = (answers as TokenEntity[][])[0]!.map(({ entity_group: label, start, end }) => ({
      start,
      end,
      label,
    }));
    expect([...cases!()]).toEqual([
      {
        kind: 'spans',
        index: 0,
        text,
        expected: [
          { start: 0, end: 4, label: 'PER' },
          { start: 13, end: 17, label: 'LOC' },
        ],
        answered,
      },
    ]);
  });
});

describe('a folder is refused', () => {
  const opening = async (name: string, config: Record<string, unknown>) => {
    const folder = join(root, name);
    await writeHubFolder(folder);
    const old = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8'));
    await writeFile(join(folder, 'config.json'), JSON.stringify({ ...old, ...config }));
    return kernel.endpoints.open(name, folder, { app: 'token-classification' });
  };

  it('when it was made for another task', async () => {
    await expect(opening('masked', { architectures: ['BertForMaskedLM'] })).rejects.toThrow(
      /names BertForMaskedLM; this app opens models that are …ForTokenClassification/,
    );
  });

  it('when tokenizer and config are not of one model', async () => {
    await expect(opening('mixed', { vocab_size: 5 })).rejects.toThrow(
      /tokenizer knows 13 tokens, but the word table has 5 rows/,
    );
  });

  it('when the graph has other labels than the config', async () => {
    const wrong = opening('wrong', { id2label: { 0: 'O', 1: 'B-PER', 2: 'I-PER' } });
    await expect(wrong.then(() => kernel.endpoints.run('wrong', 'anna'))).rejects.toThrow(
      /gives logits \[1, 3, 5\] for 1 texts and 3 labels/,
    );
  });

  it('when it should have a conditional random field, and its graph has none', async () => {
    await expect(opening('plain', { 'token-classification': { options: { decoder: 'crf' } } })).rejects.toThrow(
      /its graph gives no transitions \(outputs: logits\)/,
    );
  });
});

it('is one call away in a program of one’s own, typed by the task', async () => {
  await using tag = await pipeline('token-classification', join(root, 'hub'), { plugins });
  const [first, second] = await tag(['anna went', { text: 'to york' }], { ignore_labels: [] });
  expect(first).toEqual(await answer('hub', 'anna went', { ignore_labels: [] }));
  expect(second!.length).toBeGreaterThan(0);
});
