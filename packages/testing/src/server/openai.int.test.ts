import OpenAI, { type APIError } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, post, served, startHubServer, vectorOf } from './hub-apps.fixture.js';

let server: HubServer;
let client: OpenAI;
beforeAll(async () => {
  server = await startHubServer({ maxItems: 8 });
  client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none is needed', maxRetries: 0 });
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const failure = async (call: Promise<unknown>): Promise<APIError> =>
  call.then(
    () => expect.fail('was not refused'),
    (error) => error,
  );

describe('the openai client', () => {
  it('gets vectors, by its own choice as base64', async () => {
    const { data, model, object, usage } = await client.embeddings.create({ model: 'vectors', input: ['a', '你好'] });
    expect(data.map(({ embedding }) => Array.from(embedding))).toEqual([vectorOf('a'), vectorOf('你好')]);
    expect(data.map(({ index }) => index)).toEqual([0, 1]);
    expect([model, object]).toEqual(['vectors', 'list']);
    // One token per character, and two special ones per text.
    expect(usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
  });

  it('gets vectors as numbers', async () => {
    const asked = { model: 'vectors', input: 'a', encoding_format: 'float', user: 'someone' } as const;
    const { data } = await client.embeddings.create(asked);
    expect(data).toEqual([{ object: 'embedding', index: 0, embedding: vectorOf('a') }]);
  });

  it('lists models and retrieves one', async () => {
    const ids: string[] = [];
    for await (const { id, object, owned_by, created } of client.models.list()) {
      ids.push(id);
      expect([object, owned_by]).toEqual(['model', 'zooid']);
      expect(Number.isInteger(created)).toBe(true);
    }
    expect(ids).toEqual(Object.keys(served));
    expect(await client.models.retrieve('mask')).toMatchObject({ id: 'mask', object: 'model' });
  });

  it('throws its own errors', async () => {
    const unknown = await failure(client.embeddings.create({ model: 'vektors', input: 'a' }));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: 'model_not_found', type: 'invalid_request_error', param: null });
    expect(unknown.message).toContain("did you mean 'vectors'");
    expect(await failure(client.models.retrieve('nobody'))).toBeInstanceOf(OpenAI.NotFoundError);

    const other = await failure(client.embeddings.create({ model: 'mask', input: 'a' }));
    expect(other).toBeInstanceOf(OpenAI.BadRequestError);
    expect(other).toMatchObject({ param: 'model', code: 'validation_failed' });

    const narrow = await failure(client.embeddings.create({ model: 'vectors', input: 'a', dimensions: 2 }));
    expect(narrow).toMatchObject({ status: 400, param: 'dimensions' });

    const chat = client.chat.completions.create({ model: 'vectors', messages: [{ role: 'user', content: 'hi' }] });
    expect(await failure(chat)).toMatchObject({ status: 404, code: 'route_not_found' });
  });

  it('hears of texts that are too long or too many instead of losing them in silence', async () => {
    const long = await failure(client.embeddings.create({ model: 'vectors', input: ['a', 'b'.repeat(21)] }));
    expect(long).toMatchObject({ status: 400, param: 'input' });
    expect(long.message).toContain('/input/1 has more than the 20 tokens');
    const many = await failure(client.embeddings.create({ model: 'vectors', input: Array(9).fill('a') }));
    expect(many).toMatchObject({ status: 413, param: 'input' });
    expect(many.message).toContain('/input has 9 items, at most 8');
  });
});

it.each([
  [{ model: 'vectors', input: '' }, 'input'],
  [{ model: 'vectors', input: [] }, 'input'],
  [{ model: 'vectors', input: [1, 2] }, 'input'],
  [{ model: 'vectors', input: [[1]] }, 'input'],
  [{ model: 'vectors', input: { text: 'a' } }, 'input'],
  [{ model: 'vectors' }, 'input'],
  [{ input: 'a' }, 'model'],
  [{ model: 7, input: 'a' }, 'model'],
  [{ model: 'vectors', input: 'a', encoding_format: 'int8' }, 'encoding_format'],
  [{ model: 'vectors', input: 'a', temperature: 1 }, 'temperature'],
  [[], null],
])('refuses %j and names the field', async (body, param) => {
  const { status, body: reply } = await post(`${server.url}/v1/embeddings`, body);
  expect(status).toBe(400);
  expect(reply).toEqual({
    error: { message: expect.any(String), type: 'invalid_request_error', param, code: 'validation_failed' },
  });
  if (param !== null) expect(reply.error.message).toContain(`/${param}`);
});

it('leaves the own routes their own form', async () => {
  const reply = await fetch(`${server.url}/v1/nothing`);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
});
