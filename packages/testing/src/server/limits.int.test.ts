import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, post, startHubServer } from './hub-apps.fixture.js';

let server: HubServer;
beforeAll(async () => {
  server = await startHubServer({ maxTokens: 10, maxTextTotal: 30 });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const ask = (path: string, body: unknown) => post(`${server.url}${path}`, body);
const fits = 'x'.repeat(8); // and two special tokens
const tooLong = 'x'.repeat(9);
const message = 'has 11 tokens, at most 10 are allowed (limits.maxTokens); shorten it';

describe('limits on tokens', () => {
  it('are told with a pointer to the item, in each dialect', async () => {
    expect((await ask('/v1/apps/vectors', { inputs: [fits, fits] })).status).toBe(200);
    expect(await ask('/v1/apps/vectors', { inputs: [fits, tooLong] })).toMatchObject({
      status: 422,
      body: { code: 'VALIDATION_FAILED', errors: [{ pointer: '/inputs/1', detail: message }] },
    });
    expect(await ask('/v1/apps/vectors', { inputs: { text: tooLong } })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/inputs/text' }] },
    });
    expect(await ask('/models/vectors', { inputs: tooLong })).toMatchObject({
      status: 422,
      body: { errors: [{ pointer: '/inputs', detail: message }] },
    });
    expect(await ask('/v1/embeddings', { model: 'vectors', input: [fits, tooLong] })).toMatchObject({
      status: 400,
      body: { error: { param: 'input', message: expect.stringContaining(message) } },
    });
    const tensor = { name: 'text', shape: [2], datatype: 'BYTES', data: [fits, tooLong] };
    expect(await ask('/v2/models/vectors/infer', { inputs: [tensor] })).toMatchObject({
      status: 400,
      body: { error: expect.stringContaining(message) },
    });
  });

  it('do not concern apps that count none', async () => {
    expect((await ask('/v1/apps/echo', { inputs: tooLong })).status).toBe(200);
  });
});

describe('limits on all the text of a request', () => {
  it('add up its items', async () => {
    const body = { inputs: Array(3).fill('x'.repeat(10)) };
    expect((await ask('/v1/apps/echo', body)).status).toBe(200);
    expect(await ask('/v1/apps/echo', { inputs: [...body.inputs, 'x'] })).toMatchObject({
      status: 413,
      body: { code: 'LIMIT_EXCEEDED', errors: [{ pointer: '/inputs' }], detail: expect.stringContaining('at most 30') },
    });
  });
});
