import { InferenceClient, type InferenceClientProviderApiError } from '@huggingface/inference';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, post, startHubServer, vectorOf } from './hub-apps.fixture.js';

let server: HubServer;
let client: InferenceClient;
beforeAll(async () => {
  server = await startHubServer();
  client = new InferenceClient();
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const at = (path: string) => ({ endpointUrl: `${server.url}${path}` });
const long = { label: 'LONG', score: expect.closeTo(0.4, 6) };
const short = { label: 'SHORT', score: expect.closeTo(0.6, 6) };

describe('@huggingface/inference with endpointUrl', () => {
  it.each(['/models/sentiment', '/hf/text-classification/sentiment', '/models/speaker'])(
    'classifies a text at %s, also by an app with names of its own',
    async (path) => {
      expect(await client.textClassification({ ...at(path), inputs: 'good' })).toEqual([long, short]);
      const parameters = { top_k: 1 };
      expect(await client.textClassification({ ...at(path), inputs: 'good', parameters })).toEqual([long]);
    },
  );

  it('finds spans', async () => {
    const parameters = { aggregation_strategy: 'simple' } as const;
    const answer = await client.tokenClassification({ ...at('/models/names'), inputs: 'so Anna went', parameters });
    expect(answer).toEqual([{ entity_group: 'NAME', score: 0.5, word: 'Anna', start: 3, end: 7 }]);
  });

  it('fills a mask', async () => {
    const answer = await client.fillMask({ ...at('/models/mask'), inputs: '天气很[MASK]', parameters: { top_k: 1 } });
    expect(answer).toEqual([{ score: 0.75, token: 3, token_str: '好', sequence: '天气很好' }]);
  });

  it('gives a vector for a text and a list for a list, with the parameters beside the inputs', async () => {
    const path = at('/hf/feature-extraction/vectors');
    expect(await client.featureExtraction({ ...path, inputs: 'a' })).toEqual(vectorOf('a'));
    const many = await client.featureExtraction({ ...path, inputs: ['a', 'bb'], normalize: true, truncate: true });
    expect(many).toEqual([vectorOf('a'), vectorOf('bb')]);
  });

  it('tells the reason of a refusal', async () => {
    const refusal = client.fillMask({ ...at('/models/mask'), inputs: 'no mask' });
    const error = (await refusal.catch((thrown) => thrown)) as InferenceClientProviderApiError;
    expect(error.name).toBe('ProviderApiError');
    expect(error.message).toBe('Failed to perform inference: request: /inputs needs at least one [MASK]');
    expect(error.httpResponse.status).toBe(422);
    await expect(client.fillMask({ ...at('/models/maks'), inputs: 'x' })).rejects.toThrow(/did you mean 'mask'/);
  });
});

describe('POST /models/{name}', () => {
  const ask = (name: string, body: unknown) => post(`${server.url}/models/${name}`, body);

  it('answers a list with a list, and one input in the shape of one', async () => {
    expect((await ask('mask', { inputs: ['[MASK]', 'x[MASK]'] })).body).toEqual([
      [expect.objectContaining({ sequence: '好' }), expect.objectContaining({ sequence: '冷' })],
      [expect.objectContaining({ sequence: 'x好' }), expect.objectContaining({ sequence: 'x冷' })],
    ]);
    expect((await ask('sentiment', { inputs: { text: 'go', text_pair: 'od' } })).body).toEqual([[long, short]]);
    expect((await ask('sentiment', { inputs: ['good', 'good'] })).body).toEqual([
      [long, short],
      [long, short],
    ]);
    expect((await ask('vectors', { inputs: 'ab', parameters: { pooling: 'none' } })).body).toEqual([
      vectorOf('a'),
      vectorOf('b'),
    ]);
  });

  it('answers tasks the Hub does not know as the app does', async () => {
    expect((await ask('echo', { inputs: 'x', options: { wait_for_model: true } })).body).toEqual({ echo: 'x' });
    expect((await ask('echo', { inputs: ['x'], parameters: null })).body).toEqual([{ echo: 'x' }]);
  });

  it.each([
    ['sentiment', { inputs: '' }, '/inputs'],
    ['sentiment', { inputs: ['a', ''] }, '/inputs/1'],
    ['sentiment', { inputs: { text: 'a', text_pair: 7 } }, '/inputs/text_pair'],
    ['sentiment', { inputs: [] }, '/inputs'],
    ['sentiment', {}, '/inputs'],
    ['sentiment', { inputs: 'a', normalize: true }, '/normalize'],
    ['sentiment', { inputs: 'a', parameters: [1] }, '/parameters'],
    ['speaker', { inputs: 'a', parameters: { top_k: 0 } }, '/parameters/top_k'],
    ['vectors', { inputs: 'a', normalize: 'yes' }, '/normalize'],
    ['vectors', { inputs: 'a', truncation_direction: 'left' }, '/truncation_direction'],
    ['mask', { inputs: ['[MASK]', 'x'] }, '/inputs/1'],
  ])('points %s into the body as it was sent: %j', async (name, body, pointer) => {
    const reply = await ask(name, body);
    expect(reply).toMatchObject({ status: 422, type: 'application/json', body: { error_type: 'VALIDATION_FAILED' } });
    expect(reply.body.errors.map((issue: { pointer: string }) => issue.pointer)).toEqual([pointer]);
    expect(reply.body.error).toContain(pointer);
  });

  it('refuses a task the app is not for, and says where to go', async () => {
    const { status, body } = await post(`${server.url}/hf/fill-mask/sentiment`, { inputs: 'x' });
    expect(status).toBe(404);
    expect(body.error).toContain('/hf/text-classification/sentiment');
  });

  it('tells what HTTP refuses in the same form', async () => {
    const reply = await fetch(`${server.url}/models/sentiment`);
    expect(reply.status).toBe(405);
    expect(await reply.json()).toEqual({ error: expect.stringContaining('POST'), error_type: 'METHOD_NOT_ALLOWED' });
    expect(await ask('sentiment', '{"inputs":')).toMatchObject({ status: 400, body: { error_type: 'MALFORMED_JSON' } });
  });
});
