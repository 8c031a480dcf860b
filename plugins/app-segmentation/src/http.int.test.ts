import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { prepareTiny, writeTinyFolder } from './tiny-segmentation.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'words',
    write: async (folder) => writeTinyFolder(folder, await prepareTiny()),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const send = (method: string, path: string, body?: unknown) => served.send(method, `/v1/apps/words${path}`, body);
const wordsOf = async (inputs: unknown, parameters: object = {}) => {
  const { body } = await send('POST', '', { inputs, parameters });
  return body.outputs[0].words.map(({ text }: { text: string }) => text);
};
const pointers = (reply: { body: { errors?: { pointer: string }[] } }) =>
  reply.body.errors?.map(({ pointer }) => pointer);

describe('over HTTP', () => {
  it('answers with words and their places, at one granularity or both', async () => {
    const { status, body } = await send('POST', '', {
      inputs: [{ text: '😀移动互联网', lexicon: [{ surface: '移动互联网', granularity: 'coarse' }] }],
      parameters: { granularity: 'coarse', lexiconMode: 'force', codePoints: true },
    });
    expect(status).toBe(200);
    expect(body.outputs[0].granularity).toBe('coarse');
    expect(body.outputs[0].words.at(-1)).toEqual({ text: '移动互联网', start: 2, end: 7, codePoints: [1, 6] });
    const both = await send('POST', '', { inputs: '移动互联网', parameters: { granularity: 'both' } });
    expect(Object.keys(both.body.outputs[0])).toEqual(['granularity', 'coarse', 'fine']);
  });

  it('says which granularities there are', async () => {
    const reply = await send('POST', '', { inputs: '好', parameters: { granularity: 'medium' } });
    expect([reply.status, pointers(reply)]).toEqual([422, ['/parameters/granularity']]);
    expect(JSON.stringify(reply.body)).toContain('known: fine, coarse, both');
  });

  it('replaces, lists and removes dictionaries, which the next request obeys', async () => {
    const created = await send('PUT', '/lexicons/products', { entries: [{ surface: '米粉丝' }], mode: 'force' });
    expect(created).toMatchObject({ status: 201, body: { name: 'products', size: 1 } });
    expect(await wordsOf('米粉丝')).toEqual(['米粉丝']);
    const replaced = await send('PUT', '/lexicons/products', { entries: [{ surface: '粉丝' }], mode: 'force' });
    expect(replaced.status).toBe(200);
    expect(replaced.body.version).not.toBe(created.body.version);
    expect(await wordsOf('米粉丝')).toEqual(['米', '粉丝']);
    // What a request brings along has more rank than what is stored.
    const own = { text: '米粉丝', lexicon: [{ surface: '米粉' }] };
    expect(await wordsOf(own, { lexiconMode: 'force' })).toEqual(['米粉', '丝']);
    expect((await send('GET', '/lexicons')).body.entries).toEqual([replaced.body]);
    expect((await send('DELETE', '/lexicons/products')).status).toBe(204);
    expect((await send('DELETE', '/lexicons/products')).status).toBe(404);
  });

  it('keeps the dictionaries of tenants for requests that name them', async () => {
    await send('PUT', '/lexicons/tenant-a', { entries: [{ surface: '米粉' }], mode: 'force', scope: 'tenant' });
    await send('PUT', '/lexicons/tenant-b', { entries: [{ surface: '粉丝' }], mode: 'force', scope: 'tenant' });
    expect(await wordsOf('米粉丝', { lexicons: ['tenant-a'] })).toEqual(['米粉', '丝']);
    expect(await wordsOf('米粉丝', { lexicons: ['tenant-b'] })).toEqual(['米', '粉丝']);
    expect(await wordsOf('米粉丝', { lexicons: ['tenant-b', 'tenant-a'] })).toEqual(['米', '粉丝']);
    const unknown = await send('POST', '', { inputs: '好', parameters: { lexicons: ['tenant-c'] } });
    expect([unknown.status, pointers(unknown)]).toEqual([422, ['/parameters/lexicons/0']]);
    for (const name of ['tenant-a', 'tenant-b']) await send('DELETE', `/lexicons/${name}`);
  });

  it('refuses bad dictionaries with a pointer per field, and keeps what was there', async () => {
    await send('PUT', '/lexicons/kept', { entries: [{ surface: '米粉' }], mode: 'force' });
    const bad = await send('PUT', '/lexicons/kept', {
      entries: [{ surface: '粉丝', granularity: 'huge' }, 7, { surface: '' }, { surface: '好', weight: -1, x: 1 }],
    });
    expect(bad.status).toBe(422);
    expect(pointers(bad)).toEqual([
      '/entries/0/granularity',
      '/entries/1',
      '/entries/2/surface',
      '/entries/3/x',
      '/entries/3/weight',
    ]);
    expect(pointers(await send('PUT', '/lexicons/kept', {}))).toEqual(['/entries']);
    expect(pointers(await send('PUT', '/lexicons/kept', { entries: [] }))).toEqual(['/entries']);
    expect(pointers(await send('PUT', '/lexicons/kept', { entries: [{ surface: '好' }], mode: 'bend' }))).toEqual([
      '/mode',
    ]);
    expect(await wordsOf('米粉丝')).toEqual(['米粉', '丝']);
    await send('DELETE', '/lexicons/kept');
  });

  it('describes items, parameters and dictionaries in the OpenAPI document', async () => {
    const document = await (await fetch(`${served.url}/openapi.json`)).text();
    for (const field of ['granularity', 'lexiconMode', 'lexicons', 'surface', 'weight', 'scope', 'codePoints'])
      expect(document).toContain(`"${field}"`);
  });
});
