import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, post, startHubServer } from './hub-apps.fixture.js';

let server: HubServer;
let document: { readonly paths: object };
let ajv: Ajv2020;
beforeAll(async () => {
  server = await startHubServer();
  document = JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text());
  ajv = new Ajv2020({ strict: false }).addSchema(document, 'openapi');
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

/** What is wrong with `value` by the schema at a place of /openapi.json. */
function faults(value: unknown, ...place: string[]): unknown {
  const path = place.map((step) => encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');
  return ajv.validate({ $ref: `openapi#/${path}` }, value) ? [] : ajv.errors;
}

const text = { name: 'text', shape: [1], datatype: 'BYTES', data: ['a'] };

/** A template, a path of it, and for POST a good body and a bad one. */
const calls: readonly (readonly [template: string, path: string, good?: unknown, bad?: unknown])[] = [
  ['/models/{model}', '/models/sentiment', { inputs: ['a'], parameters: { top_k: 1 } }, { inputs: 7 }],
  ['/models/{model}', '/models/vectors', { inputs: 'a', normalize: true }, { inputs: [], top_k: 1 }],
  ['/models/{model}', '/models/names', { inputs: ['so Anna went', 'x'] }, { inputs: 'a', parameters: 1 }],
  ['/hf/{task}/{model}', '/hf/fill-mask/mask', { inputs: { text: '[MASK]' } }, {}],
  ['/v2', '/v2'],
  ['/v2/health/live', '/v2/health/live'],
  ['/v2/health/ready', '/v2/health/ready'],
  ['/v2/models/{model}', '/v2/models/mask'],
  ['/v2/models/{model}/ready', '/v2/models/mask/ready'],
  ['/v2/models/{model}/infer', '/v2/models/vectors/infer', { inputs: [text] }, { inputs: [] }],
  ['/v2/models/{model}/versions/{version}', '/v2/models/mask/versions/r1'],
  ['/v2/models/{model}/versions/{version}/ready', '/v2/models/mask/versions/r1/ready'],
  [
    '/v2/models/{model}/versions/{version}/infer',
    '/v2/models/sentiment/versions/r1/infer',
    { id: '1', inputs: [text], outputs: [{ name: 'score' }] },
    { inputs: [{ ...text, datatype: 'FP32' }] },
  ],
  ['/v1/embeddings', '/v1/embeddings', { model: 'vectors', input: ['a'] }, { model: 'vectors', input: [1] }],
  ['/v1/embeddings', '/v1/embeddings', { model: 'vectors', input: 'a', encoding_format: 'base64' }, { input: '' }],
  ['/v1/models', '/v1/models'],
  ['/v1/models/{model}', '/v1/models/echo'],
];

describe('/openapi.json', () => {
  it('lists every route of the dialects', () => {
    const listed = Object.keys(document.paths).filter((path) =>
      /^\/(models|hf|v2|v1\/(embeddings|models))\b/.test(path),
    );
    expect(listed.sort()).toEqual([...new Set(calls.map(([template]) => template))].sort());
  });

  for (const [template, path, good, bad] of calls) {
    it(`tells the truth about ${template} (${path})`, async () => {
      const method = good === undefined ? 'get' : 'post';
      const place = ['paths', template, method];
      const body = ['content', 'application/json', 'schema'];
      const ask = (sent: unknown) => (method === 'post' ? post(`${server.url}${path}`, sent) : get(path));

      const answer = await ask(good);
      expect(answer.status).toBe(200);
      expect(faults(answer.body, ...place, 'responses', '200', ...body)).toEqual([]);
      if (method === 'get') return;
      expect(faults(good, ...place, 'requestBody', ...body)).toEqual([]);

      expect(faults(bad, ...place, 'requestBody', ...body)).not.toEqual([]);
      const refusal = await ask(bad);
      expect(refusal.status).toBeGreaterThanOrEqual(400);
      expect(refusal.status).toBeLessThan(500);
      expect(faults(refusal.body, ...place, 'responses', String(refusal.status), ...body)).toEqual([]);
    });
  }
});

async function get(path: string) {
  const reply = await fetch(`${server.url}${path}`);
  return { status: reply.status, body: await reply.json() };
}
