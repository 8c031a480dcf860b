import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { prepareTiny, writeTinyFolder } from './tiny-intent.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'speaker',
    write: async (folder) => writeTinyFolder(folder, await prepareTiny()),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const send = (method: string, path: string, body?: unknown) => served.send(method, `/v1/apps/speaker${path}`, body);
const slotsOf = async (text: string) => {
  const { body } = await send('POST', '', { inputs: text });
  return body.outputs[0].slots.map((slot: { text: string }) => slot.text);
};
const pointers = (reply: { body: { errors?: { pointer: string }[] } }) =>
  reply.body.errors?.map(({ pointer }) => pointer);

describe('over HTTP', () => {
  it('answers with intent, scores and slots', async () => {
    const inputs = ['想听说不出的秘密', { text: '😀晴天', lexicon: [{ surface: '晴天', type: 'song' }] }];
    const { status, body } = await send('POST', '', { inputs, parameters: { topK: 2, codePoints: true } });
    expect(status).toBe(200);
    expect(body.model.id).toBe(served.folder);
    expect(body.outputs).toMatchObject([
      {
        intent: expect.any(String),
        score: expect.any(Number),
        slots: [{ type: 'song', text: '说不出的秘密', start: 2, end: 8 }],
      },
      { slots: [{ type: 'song', text: '晴天', start: 2, end: 4, codePoints: [1, 3] }] },
    ]);
    expect(body.outputs[0].scores).toHaveLength(2);
  });

  it('replaces, lists, rolls back and removes word lists', async () => {
    const [original] = (await send('GET', '/lexicons')).body.entries;
    expect(original).toEqual({ name: 'default', version: expect.any(String), size: 4 });

    const entries = [
      { surface: '晴天', type: 'song' },
      { surface: '上海', type: 'city' },
    ];
    const created = await send('PUT', '/lexicons/mine', { entries });
    expect(created).toMatchObject({ status: 201, body: { name: 'mine', size: 2 } });
    expect(await slotsOf('上海的秘密')).toEqual(['上海', '秘密']);

    const replaced = await send('PUT', '/lexicons/mine', { entries: [{ surface: '天津', type: 'city' }, entries[0]] });
    expect(replaced.status).toBe(200);
    expect(await slotsOf('上海和天津')).toEqual(['天津']);

    const back = await send('PUT', '/lexicons/mine', { rollback: true });
    expect(back).toEqual({ status: 200, body: created.body });
    expect(await slotsOf('上海和天津')).toEqual(['上海']);

    expect((await send('DELETE', '/lexicons/mine')).status).toBe(204);
    expect((await send('DELETE', '/lexicons/mine')).status).toBe(404);
    expect((await send('GET', '/lexicons')).body.entries).toEqual([original]);
  });

  it('refuses bad lists with a pointer per field, and keeps the old ones', async () => {
    const bad = await send('PUT', '/lexicons/default', {
      entries: [{ surface: '晴天' }, 7, { surface: '！', type: 'song' }],
    });
    expect(bad.status).toBe(422);
    expect(pointers(bad)).toEqual(['/entries/0/type', '/entries/1', '/entries/2/surface']);
    expect(pointers(await send('PUT', '/lexicons/default', {}))).toEqual(['/entries']);
    expect(pointers(await send('PUT', '/lexicons/default', { entries: [], x: 1 }))).toEqual(['/x']);
    expect(pointers(await send('PUT', '/lexicons/default', { entries: [{ surface: '晴天', type: 'song' }] }))).toEqual([
      '/entries',
    ]);
    expect(pointers(await send('PUT', '/lexicons/new', { rollback: true }))).toEqual(['/rollback']);
    expect(await slotsOf('秘密')).toEqual(['秘密']);
  });

  it('points at bad entries of a request', async () => {
    const inputs = [{ text: 'x', lexicon: [{ surface: '，', type: 'song' }] }];
    const reply = await send('POST', '', { inputs });
    expect([reply.status, pointers(reply)]).toEqual([422, ['/inputs/0/lexicon/0/surface']]);
  });

  it("answers as its task on the Hub does, with the task's names", async () => {
    const ask = async (body: object) => {
      const headers = { 'content-type': 'application/json' };
      const reply = await fetch(`${served.url}/models/speaker`, {
        method: 'POST',
        headers,
        body: JSON.stringify(body),
      });
      return JSON.parse(await reply.text());
    };
    const [own] = (await send('POST', '', { inputs: '晴天', parameters: { topK: 2 } })).body.outputs;
    expect(await ask({ inputs: '晴天', parameters: { top_k: 2 } })).toEqual([own.scores]);
    expect(await ask({ inputs: '晴天', parameters: { top_k: 0 } })).toMatchObject({
      errors: [{ pointer: '/parameters/top_k' }],
    });
  });

  it('describes items, parameters and word lists in the OpenAPI document', async () => {
    const document = await (await fetch(`${served.url}/openapi.json`)).text();
    for (const field of ['topK', 'explain', 'codePoints', 'lexicon', 'surface'])
      expect(document).toContain(`"${field}"`);
  });
});
