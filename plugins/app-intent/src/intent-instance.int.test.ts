import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelError, type OpenContext, validateDto } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import { fakeArtifacts, fakeModel, type ScriptedOutputs } from '@zooid/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { IntentItem, IntentParameters, LexiconBody } from './dto.js';
import { IntentApp } from './intent-app.js';
import { prepareTiny, tinyExamples, writeTinyFolder } from './tiny-intent.fixture.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-intent-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Labels of the tiny examples are chat, music, weather; the script says music wherever any slot label is. */
const musicWhereLabelled: ScriptedOutputs = ({ input_ids: ids, slot_ids: slots }: TensorMap) => {
  const [batch, sequence] = ids!.dims as [number, number];
  const perRow = (slots!.data as BigInt64Array).length / batch;
  const logits = new Float32Array(batch * 3);
  for (let row = 0; row < batch; row++) {
    const here = (slots!.data as BigInt64Array).subarray(row * perRow, (row + 1) * perRow);
    logits[row * 3 + (here.some((label) => label > 1n) ? 1 : 0)] = 2;
  }
  const gate = Float32Array.from({ length: batch * sequence }, (_, i) => 1 / (1 + (i % sequence)));
  return {
    logits: { dtype: 'float32', dims: [batch, 3], data: logits },
    gate: { dtype: 'float32', dims: [batch, sequence], data: gate },
  };
};

async function openTiny(
  options: Record<string, unknown> = {},
  outputs = musicWhereLabelled,
  context: OpenContext = {},
) {
  const task = await prepareTiny(options);
  await writeTinyFolder(folder, task);
  const model = fakeModel(fakeArtifacts({ folder, config: JSON.parse(JSON.stringify(task.config)) }), outputs);
  return { instance: await new IntentApp().open(model, context), model };
}

const item = (fields: object | string) =>
  validateDto(IntentItem, typeof fields === 'string' ? { text: fields } : fields, 'item');
const parameters = (fields: object = {}) => validateDto(IntentParameters, fields, 'parameters');
const song = (surface: string) => ({ surface, type: 'song' });

describe('an answer', () => {
  it('has intent, score, scores and the slots that were found', async () => {
    const { instance } = await openTiny();
    const [answer] = await instance.run([item('想听说不出的秘密')], parameters());
    expect(answer).toEqual({
      intent: 'music',
      score: expect.closeTo(Math.exp(2) / (Math.exp(2) + 2), 5),
      scores: [
        { label: 'music', score: answer!.score },
        { label: 'chat', score: expect.any(Number) },
        { label: 'weather', score: expect.any(Number) },
      ],
      slots: [{ type: 'song', text: '说不出的秘密', start: 2, end: 8 }], // 秘密 lies inside
    });
  });

  it('has the slots that the model tags, where it predicts them and no lexicon gives any', async () => {
    // One row for no slot, then B, I, E and S of city, singer and song.
    const [song, city] = [9, 1];
    const tags: Record<string, readonly number[]> = {
      // 想听 + a title that no list has: B I E of song, then a lone S of city.
      unknown: [0, 0, song, song + 1, song + 2, city + 3],
      // The model tags a part of what the lexicon knows as a city: the lexicon is believed.
      known: [0, 0, 0, 0, city, city + 2, 0, 0],
    };
    const outputs =
      (tagged: readonly number[]): ScriptedOutputs =>
      (inputs) => {
        const sequence = inputs.input_ids!.dims[1]!;
        const data = new Float32Array(sequence * 13);
        tagged.forEach((tag, i) => {
          data[(i + 1) * 13 + tag] = 5; // after [CLS]
        });
        return { ...musicWhereLabelled(inputs), slot_logits: { dtype: 'float32', dims: [1, sequence, 13], data } };
      };
    const slotsOf = async (text: string, tagged: readonly number[]) => {
      const { instance, model } = await openTiny({ slots: 'predict' }, outputs(tagged));
      const [answer] = await instance.run([item(text)], parameters({ codePoints: true }));
      expect(model.calls).toHaveLength(1); // intent and slots from one pass
      return answer!.slots;
    };
    expect(await slotsOf('想听晴天吗沪', tags.unknown!)).toEqual([
      { type: 'song', text: '晴天吗', start: 2, end: 5, codePoints: [2, 5] },
      { type: 'city', text: '沪', start: 5, end: 6, codePoints: [5, 6] },
    ]);
    expect(await slotsOf('想听说不出的秘密', tags.known!)).toMatchObject([{ type: 'song', start: 2, end: 8 }]);
  });

  it('counts offsets in UTF-16 units, and in code points when asked to', async () => {
    const { instance } = await openTiny();
    const text = '😀👨‍👩‍👧听《说不出的秘密》𠮷北京';
    const [answer] = await instance.run([item(text)], parameters({ codePoints: true }));
    const characters = [...text];
    expect(answer!.slots.map(({ text }) => text)).toEqual(['说不出的秘密', '北京']);
    for (const { text: found, start, end, codePoints } of answer!.slots) {
      expect(text.slice(start, end)).toBe(found);
      expect(characters.slice(...codePoints!).join('')).toBe(found);
      expect(codePoints![0]).toBeLessThan(start);
    }
  });

  it('lists one slot per span and type, the outermost ones, in text order', async () => {
    const { instance } = await openTiny();
    const lexicon = [song('秘密'), { surface: '秘密', type: 'album' }, { surface: '听秘密', type: 'show' }];
    const [nested] = await instance.run([item({ text: '北京听秘密', lexicon })], parameters());
    expect(nested!.slots.map(({ type, start, end }) => [type, start, end])).toEqual([
      ['city', 0, 2],
      ['show', 2, 5],
    ]);
    const [flat] = await instance.run([item({ text: '秘密', lexicon: lexicon.slice(0, 2) })], parameters());
    expect(flat!.slots.map(({ type }) => type)).toEqual(['album', 'song']);
  });

  it('keeps overlapping slots, neither of which holds the other', async () => {
    const { instance } = await openTiny();
    const lexicon = [song('不出的'), song('的秘密')];
    const [answer] = await instance.run([item({ text: '不出的秘密', lexicon })], parameters());
    expect(answer!.slots.map(({ start, end }) => [start, end])).toEqual([
      [0, 3],
      [2, 5],
    ]);
  });

  it('has as many scores as asked for, and the gate per token when asked for', async () => {
    const { instance, model } = await openTiny();
    const [answer] = await instance.run([item('听秘密')], parameters({ topK: 1, explain: true }));
    expect(answer!.scores).toHaveLength(1);
    expect(answer!.gate).toEqual([
      { token: '[CLS]', start: 0, end: 0, gate: 1 },
      { token: '听', start: 0, end: 1, gate: 0.5 },
      { token: '秘', start: 1, end: 2, gate: expect.closeTo(1 / 3) },
      { token: '密', start: 2, end: 3, gate: 0.25 },
      { token: '[SEP]', start: 0, end: 0, gate: expect.closeTo(0.2) },
    ]);
    const [plain] = await instance.run([item('听秘密')], parameters());
    expect(plain).not.toHaveProperty('gate');
    expect(model.calls).toHaveLength(2);
  });

  it('is the fallback below the threshold, the model’s or the caller’s', async () => {
    const { instance } = await openTiny({ rejection: { fallback: 'chat', threshold: 0.9 } });
    const intentAt = async (fields: object) => (await instance.run([item('听秘密')], parameters(fields)))[0]!.intent;
    expect(await intentAt({})).toBe('chat');
    expect(await intentAt({ threshold: 0.5 })).toBe('music');
  });

  it('lists every label that holds where several may', async () => {
    const examples = tinyExamples.map(({ text, labels, slots }) => ({ text, labels, slots }));
    const task = await prepareTiny({ multiLabel: true, labelField: 'intents' }, examples);
    await writeTinyFolder(folder, task);
    const logits = { dtype: 'float32', dims: [1, 3], data: Float32Array.of(-3, 2, 1) } as const;
    const model = fakeModel(fakeArtifacts({ folder, config: JSON.parse(JSON.stringify(task.config)) }), { logits });
    const instance = await new IntentApp().open(model, {});
    const [answer] = await instance.run([item('听秘密')], parameters());
    expect(answer).toMatchObject({ intent: 'music', intents: ['music', 'weather'] });
  });
});

describe('entries of a request', () => {
  it('count for that item only', async () => {
    const { instance } = await openTiny();
    const items = [item({ text: '听晴天', lexicon: [song('晴天')] }), item('听晴天')];
    const answers = await instance.run(items, parameters());
    expect(answers.map(({ intent }) => intent)).toEqual(['music', 'chat']);
    expect(answers[0]!.slots).toEqual([{ type: 'song', text: '晴天', start: 1, end: 3 }]);
  });

  it('may have types that the model was not trained on', async () => {
    const { instance, model } = await openTiny();
    const lexicon = [{ surface: '三体', type: 'audiobook' }];
    const [answer] = await instance.run([item({ text: '三体', lexicon })], parameters());
    expect(answer!.slots[0]!.type).toBe('audiobook');
    const slots = [...(model.calls[0]!.slot_ids!.data as BigInt64Array)];
    expect(slots).toEqual([1n, 14n, 16n, 1n]); // three trained types: rows 2 to 13, then the shared ones
  });

  it.each([
    [{ surface: '……', type: 'song' }, '/lexicon/0/surface'],
    [{ surface: '', type: 'song' }, '/lexicon/0/surface'],
    [{ surface: 'a\ud800', type: 'song' }, '/lexicon/0/surface'],
    [{ surface: 'a' }, '/lexicon/0/type'],
    [{ surface: 'a', type: 'song', id: 1 }, '/lexicon/0/id'],
  ])('are refused with a pointer: %j', (entry, path) => {
    expect(() => item({ text: 'x', lexicon: [entry] })).toThrow(path);
  });

  it('nested in one another without end cost no more than they are worth', async () => {
    const { instance } = await openTiny();
    const lexicon = Array.from({ length: 200 }, (_, i) => song('听'.repeat(i + 1)));
    const started = performance.now();
    const [answer] = await instance.run([item({ text: '听'.repeat(100_000), lexicon })], parameters());
    expect(performance.now() - started).toBeLessThan(1000);
    expect(answer!.slots.length).toBeGreaterThan(0);
  });
});

describe('a request', () => {
  it('is answered in order, in runs of similar length', async () => {
    const { instance, model } = await openTiny();
    const items = Array.from({ length: 200 }, (_, i) => item(i % 2 ? '听秘密' : `你好${'啊'.repeat(i % 20)}`));
    const answers = await instance.run(items, parameters());
    expect(answers.map(({ intent }) => intent)).toEqual(items.map((_, i) => (i % 2 ? 'music' : 'chat')));
    for (const { input_ids: ids } of model.calls) expect(ids!.dims[0]! * ids!.dims[1]!).toBeLessThanOrEqual(512);
  });

  it('fails as a whole when a run fails, without an unhandled rejection', async () => {
    let calls = 0;
    const { instance } = await openTiny({}, (inputs) => {
      if (++calls > 2) throw new Error('out of order');
      return (musicWhereLabelled as (inputs: TensorMap) => TensorMap)(inputs);
    });
    await expect(instance.run(Array(600).fill(item('你好')), parameters())).rejects.toThrow('out of order');
  });

  it('is answered from one version of the lexicon while lexicons change under 1,000 others', async () => {
    const { instance } = await openTiny();
    const lexicons = instance.collections.lexicons!;
    const put = (...titles: string[]) =>
      lexicons.put('default', validateDto(LexiconBody, { entries: titles.map(song), force: true }, 'body'));
    // Each version knows one title only, so that an answer shows which one it came from.
    const versions = ['一生', '二胡', '三体', '四季'];
    await put(versions[0]!);
    const text = versions.join('和');
    const requests: Promise<string[]>[] = [];
    const changes: Promise<unknown>[] = [];
    for (let i = 0; i < 1000; i++) {
      if (i % 40 === 20) changes.push(put(versions[((i / 20) % 4) | 0]!));
      requests.push(
        instance
          .run([item(text), item(text), item(text)], parameters())
          .then((answers) => answers.flatMap(({ slots }) => slots.map(({ text }) => text))),
      );
      if (i % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(changes);
    const seen = new Set<string>();
    for (const found of await Promise.all(requests)) {
      expect(found).toHaveLength(3);
      expect(new Set(found).size).toBe(1);
      seen.add(found[0]!);
    }
    expect(seen.size).toBeGreaterThan(1);
  });

  it('of the first reference query loses its labels when the song is removed', async () => {
    const { instance, model } = await openTiny();
    const lexicons = instance.collections.lexicons!;
    const labelsAndIntent = async () => {
      const [answer] = await instance.run([item('想听说不出的秘密')], parameters());
      const { intent, slots } = answer!;
      const { slot_ids: ids } = model.calls.at(-1)!;
      return {
        intent,
        slots: slots.length,
        labels: [...new Set(ids!.data as BigInt64Array)].filter((id) => id > 1n).length,
      };
    };
    expect(await labelsAndIntent()).toEqual({ intent: 'music', slots: 1, labels: 3 });
    const [before] = lexicons.list();
    await lexicons.put(
      'default',
      validateDto(LexiconBody, { entries: [{ surface: '北京', type: 'city' }, song('晴天')], force: true }, 'body'),
    );
    expect(await labelsAndIntent()).toEqual({ intent: 'chat', slots: 0, labels: 0 });
    await lexicons.put('default', validateDto(LexiconBody, { rollback: true }, 'body'));
    expect(lexicons.list()).toEqual([before]);
    expect(await labelsAndIntent()).toEqual({ intent: 'music', slots: 1, labels: 3 });
  });
});

describe('evaluate', () => {
  it('answers and scores records as the recipe reads them', async () => {
    const { instance } = await openTiny();
    const records = [
      { text: '听秘密', intent: 'music' },
      { text: '你好', intent: 'chat' },
      { text: '北京天气', intent: 'weather' },
    ];
    const { answers, metrics } = await instance.evaluate!(records);
    expect(answers.map(({ intent }) => intent)).toEqual(['music', 'chat', 'music']);
    expect(metrics.accuracy).toBeCloseTo(2 / 3);
    await expect(instance.evaluate!([records[0], { text: 'x' }])).rejects.toThrow(
      /\/1\/intent must be a non-empty string/,
    );
  });
});

describe('opening', () => {
  it('refuses a folder that another app made', async () => {
    await expect(new IntentApp().open(fakeModel(fakeArtifacts({ folder, config: {} })), {})).rejects.toThrow(
      ModelError,
    );
  });
});
