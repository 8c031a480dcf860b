import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, post, startHubServer, vectorOf } from './hub-apps.fixture.js';

/** The protocol's published OpenAPI file; `source` in it says where it is from. */
const published = JSON.parse(
  readFileSync(new URL('./__golden__/open-inference-schemas.json', import.meta.url), 'utf8'),
);
const ajv = new Ajv({ strict: false }).addSchema(published, 'protocol');

/** Asserts that a body is what the protocol says it is. */
function expectKind(body: unknown, kind: string) {
  const isValid = ajv.validate(`protocol#/components/schemas/${kind}`, body);
  expect(isValid ? [] : ajv.errors).toEqual([]);
}

let server: HubServer;
beforeAll(async () => {
  server = await startHubServer({ maxItems: 8 });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

async function get(path: string) {
  const reply = await fetch(`${server.url}${path}`);
  return { status: reply.status, body: await reply.json() };
}
const infer = (name: string, body: unknown) => post(`${server.url}/v2/models/${name}/infer`, body);
const text = (...data: unknown[]) => ({ name: 'text', shape: [data.length], datatype: 'BYTES', data });

it('says what the server is and that it is well', async () => {
  const { status, body } = await get('/v2');
  expect(status).toBe(200);
  expectKind(body, 'metadata_server_response');
  expect(body).toMatchObject({ name: 'zooid', version: expect.stringMatching(/^\d+\.\d+\.\d+/) });
  expect((await get('/v2/')).status).toBe(200);
  expect(await get('/v2/health/live')).toEqual({ status: 200, body: { live: true } });
  expect(await get('/v2/health/ready')).toEqual({ status: 200, body: { live: true } });
});

describe('/v2/models/{m}', () => {
  it.each(['', '/versions/r1'])('describes its tensors at %s', async (version) => {
    const { body } = await get(`/v2/models/sentiment${version}`);
    expectKind(body, 'metadata_model_response');
    expect(body).toEqual({
      name: 'sentiment',
      versions: ['r1'],
      platform: 'zooid_app',
      inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
      outputs: [
        { name: 'label', datatype: 'BYTES', shape: [-1] },
        { name: 'score', datatype: 'FP64', shape: [-1] },
        { name: 'output', datatype: 'BYTES', shape: [-1] },
      ],
    });
    expect(await get(`/v2/models/sentiment${version}/ready`)).toEqual({
      status: 200,
      body: { name: 'sentiment', ready: true },
    });
  });

  it('does not know other models and versions', async () => {
    for (const path of ['/v2/models/nobody', '/v2/models/mask/versions/r2/ready', '/v2/models']) {
      const { status, body } = await get(path);
      expect(status).toBe(404);
      expectKind(body, 'metadata_model_error_response');
    }
    const { body } = await post(`${server.url}/v2/models/mask/versions/r2/infer`, { inputs: [text('x')] });
    expect(body.error).toContain('known: r1');
  });
});

describe('/v2/models/{m}/infer', () => {
  it('answers a vector per text as one matrix', async () => {
    const { status, body } = await infer('vectors', { id: '42', inputs: [text('a', 'bb')] });
    expect(status).toBe(200);
    expectKind(body, 'inference_response');
    expect(body).toEqual({
      model_name: 'vectors',
      model_version: 'r1',
      id: '42',
      outputs: [{ name: 'embedding', datatype: 'FP32', shape: [2, 3], data: [...vectorOf('a'), ...vectorOf('bb')] }],
    });
  });

  it('reads flat and nested data, several fields, and parameters of the app', async () => {
    const inputs = [
      { name: 'text', shape: [2, 1], datatype: 'BYTES', data: [['abc'], ['a']], parameters: { content_type: 'str' } },
      { name: 'text_pair', shape: [2, 1], datatype: 'BYTES', data: ['de', 'b'] },
    ];
    const parameters = { top_k: 1, binary_data_output: false };
    const { body } = await post(`${server.url}/v2/models/sentiment/versions/r1/infer`, { inputs, parameters });
    expectKind(body, 'inference_response');
    expect(body.outputs).toEqual([
      { name: 'label', datatype: 'BYTES', shape: [2], data: ['LONG', 'LONG'] },
      { name: 'score', datatype: 'FP64', shape: [2], data: [0.5, 0.2] },
      {
        name: 'output',
        datatype: 'BYTES',
        shape: [2],
        data: ['[{"label":"LONG","score":0.5}]', '[{"label":"LONG","score":0.2}]'],
      },
    ]);
  });

  it('gives the outputs asked for, and what an app says beyond its task as JSON', async () => {
    const { body } = await infer('speaker', {
      inputs: [text('abcde')],
      outputs: [{ name: 'label' }, { name: 'output' }],
    });
    expect(body.outputs.map(({ name }: { name: string }) => name)).toEqual(['label', 'output']);
    expect(JSON.parse(body.outputs[1].data[0])).toMatchObject({ intent: 'LONG', slots: [] });
    expect((await infer('echo', { inputs: [text('x')] })).body.outputs[0].data).toEqual(['{"echo":"x"}']);
  });

  const field = (change: object) => ({ inputs: [{ ...text('a', 'b'), ...change }] });
  it.each([
    [field({ datatype: 'FP32' }), '/inputs/0/datatype must be BYTES'],
    [field({ datatype: 'TEXT' }), '/inputs/0/datatype'],
    [field({ shape: [3] }), '/inputs/0/data holds 2 elements, but shape [3] says 3'],
    [field({ shape: [1, 2] }), '/inputs/0/shape must be [items] or [items, 1]'],
    [field({ shape: [] }), '/inputs/0/shape'],
    [field({ shape: [1e300, 1e300] }), '/inputs/0/data holds 2 elements'],
    [field({ shape: ['2'] }), '/inputs/0/shape'],
    [field({ data: ['a', 7] }), '/inputs/0/data/1 must be a string'],
    [field({ data: ['a', ''] }), '/inputs/0/data/1 must be longer'],
    [field({ name: 'input-0' }), '/inputs/0/name must be a field'],
    [field({ parameters: { binary_data_size: 8 } }), '/inputs/0/parameters/binary_data_size is not a parameter'],
    [field({ parameters: { binary_data: true } }), '/inputs/0/parameters/binary_data must be false'],
    [{ inputs: [text('a'), text('b')] }, "/inputs/1/name 'text' is given twice"],
    [{ inputs: [{ ...text('a'), name: 'text_pair' }] }, "/inputs must hold a tensor named 'text'"],
    [{ inputs: [text('a'), { ...text('b', 'c'), name: 'text_pair' }] }, '/inputs/1/data holds 2 elements'],
    [{ inputs: [] }, '/inputs'],
    [{ inputs: [{ ...text(), shape: [0] }] }, '/inputs/0/data must hold at least one item'],
    [{ inputs: [text('a')], outputs: [{ name: 'logits' }] }, '/outputs/0/name must be one of: label, score, output'],
    [{ inputs: [text('a')], parameters: { top_k: 0 } }, '/parameters/top_k'],
    [{ inputs: [text('a')], id: 7 }, '/id'],
    [{ inputs: [text('a')], input: 1 }, '/input'],
  ])('refuses %j with a sentence that names the place', async (body, sentence) => {
    const reply = await infer('sentiment', body);
    expect(reply).toMatchObject({ status: 400, type: 'application/json' });
    expect(reply.body).toEqual({ error: expect.stringContaining(sentence) });
    expectKind(reply.body, 'inference_error_response');
  });

  it('refuses what has no shape, and too many items', async () => {
    const ragged = await infer('vectors', { inputs: [text('a', 'bb')], parameters: { pooling: 'none' } });
    expect([ragged.status, ragged.body.error]).toEqual([400, expect.stringContaining('/parameters/pooling')]);
    const many = await infer('vectors', { inputs: [text(...Array(9).fill('a'))] });
    expect([many.status, many.body.error]).toEqual([
      413,
      expect.stringContaining('/inputs/0/data has 9 items, at most 8'),
    ]);
  });
});
