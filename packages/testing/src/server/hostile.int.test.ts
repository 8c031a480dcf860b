import { Random } from '@zooid/tensor';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HubServer, startHubServer } from './hub-apps.fixture.js';

let server: HubServer;
let ajv: Ajv2020;
beforeAll(async () => {
  server = await startHubServer({ maxItems: 32, maxTextLength: 1000 });
  ajv = new Ajv2020({ strict: false }).addSchema(
    JSON.parse(await (await fetch(`${server.url}/openapi.json`)).text()),
    'openapi',
  );
}, 60_000);
afterAll(() => server[Symbol.asyncDispose]());

const text = { name: 'text', shape: [2], datatype: 'BYTES', data: ['a', '[MASK]'] };
const outputs = [{ name: 'output', parameters: { binary_data: false } }];

const dialects = [
  {
    form: 'HuggingFaceError',
    paths: ['/models/{model}', '/hf/feature-extraction/{model}', '/hf/fill-mask/{model}'],
    body: { inputs: ['a', { text: '[MASK]', text_pair: 'b' }], parameters: { top_k: 2, targets: ['x'] }, options: {} },
  },
  {
    form: 'OpenInferenceError',
    paths: ['/v2/models/{model}/infer', '/v2/models/{model}/versions/r1/infer'],
    body: { id: '1', inputs: [text], outputs, parameters: { top_k: 1 } },
  },
  {
    form: 'OpenAiError',
    paths: ['/v1/embeddings'],
    body: { model: 'vectors', input: ['a', 'b'], encoding_format: 'base64', user: 'u', dimensions: null },
  },
];
const models = [
  'sentiment',
  'mask',
  'vectors',
  'speaker',
  'echo',
  'nobody',
  '__proto__',
  'constructor',
  '%ff',
  '..%2f',
];

const requests = 300;
const together = 30;

/** Values that break programs which trust their callers. */
const odd: readonly unknown[] = [
  null,
  true,
  -1,
  1e308,
  -0.5,
  '',
  '\ud800',
  'x'.repeat(2000),
  [],
  {},
  [[[[[[[[[['deep']]]]]]]]]],
  ['a', 1, null],
  { text: ['a'] },
  { length: 3, 0: 'a' },
  { toJSON: 'x', valueOf: 'y' },
  Array(50).fill('a'),
  JSON.parse('{"__proto__":{"polluted":true}}'),
  { constructor: { prototype: { polluted: true } } },
];

/** `body` with one to three things wrong somewhere in it, as text. */
function spoil(body: unknown, random: Random): string | Buffer {
  const copy = JSON.parse(JSON.stringify(body));
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!;
  for (let faults = 1 + Math.floor(random.uniform() * 3); faults > 0; faults--) {
    let place = copy;
    for (;;) {
      const key = pick([...Object.keys(place), 'added']);
      const inner = place[key];
      if (typeof inner === 'object' && inner !== null && random.uniform() < 0.6) place = inner;
      else {
        if (random.uniform() < 0.2) delete place[key];
        else place[key] = structuredClone(pick(odd));
        break;
      }
    }
  }
  const json = JSON.stringify(copy);
  const kind = random.uniform();
  if (kind < 0.8) return json;
  if (kind < 0.85) return json.slice(0, Math.floor(random.uniform() * json.length));
  if (kind < 0.9) return Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from([0xff, 0xc0]), Buffer.from('}')]);
  if (kind < 0.95) return json.replace(/[:,]/, pick(['::', '', ',,', '\u0000']));
  return pick(['', '[]', 'null', '"text"', '7', `${'['.repeat(500)}`, `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`]);
}

async function attempt(path: string, request: RequestInit & { readonly body: string }) {
  const reply = await fetch(`${server.url}${path}`, request);
  const answer = await reply.text();
  const told = `${path} ${String(request.body).slice(0, 300)} → ${reply.status} ${answer.slice(0, 300)}`;
  return { told, status: reply.status, type: reply.headers.get('content-type'), answer };
}

describe.each(dialects)('300 spoilt requests in the dialect of $form', ({ form, paths, body }) => {
  it('are answered or refused in its form, without a fault of ours and without a stack trace', async () => {
    const random = new Random(form.length);
    const seen = new Map<number, number>();
    for (let sent = 0; sent < requests; sent += together) {
      const attempts = Array.from({ length: together }, (_, n) => {
        const model = models[Math.floor(random.uniform() * models.length)]!;
        const path = paths[n % paths.length]!.replace('{model}', model);
        const method = random.uniform() < 0.02 ? 'PUT' : 'POST';
        const type = random.uniform() < 0.03 ? 'text/plain' : 'application/json';
        return attempt(path, { method, headers: { 'content-type': type }, body: spoil(body, random) as string });
      });
      for (const { told, status, type, answer } of await Promise.all(attempts)) {
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expect(status, told).toBeLessThan(500);
        if (status === 200) continue;
        expect(answer, told).not.toMatch(/node_modules|\.[jt]s:\d| {4}at /);
        expect(type, told).toBe('application/json');
        expect(ajv.validate({ $ref: `openapi#/components/schemas/${form}` }, JSON.parse(answer)), told).toBe(true);
      }
    }
    expect(Object.prototype).not.toHaveProperty('polluted');
    // The spoiling reaches past the first check: some of it is still good, some is refused late.
    expect(seen.size, JSON.stringify([...seen])).toBeGreaterThanOrEqual(4);
  }, 120_000);
});
