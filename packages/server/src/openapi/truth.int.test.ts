import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { echoKernel } from '../__fixtures__/echo.js';
import { Listening } from '../__fixtures__/listening.js';
import { hashApiKey } from '../operations/key-hash.js';

interface Operation {
  readonly security?: readonly object[];
  readonly requestBody?: object;
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, object>> }>>;
}
interface Document {
  readonly security?: readonly object[];
  readonly components: { readonly securitySchemes?: object };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

let kernel: Kernel;
let at: Listening;
beforeAll(async () => {
  ({ kernel } = await echoKernel());
  at = new Listening(kernel);
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await kernel[Symbol.asyncDispose]();
});

const key = 'first-key-0123456789';
const keys = [
  { name: 'a', hash: hashApiKey(key), manage: true },
  { name: 'b', hash: hashApiKey('rate-key-0123456789'), requestsPerMinute: 1 },
  { name: 'c', hash: hashApiKey('plain-key-0123456789') },
];

const bodies: readonly unknown[] = [
  { inputs: 'a' },
  { inputs: ['a', ''] },
  { inputs: 'a', parameters: { fail: true } },
  { inputs: 'a', parameters: { delayMs: 60_000 } },
  { inputs: 'x'.repeat(200_000) },
  { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['a'] }] },
  { model: 'echo', input: 'a' },
  { entries: [{ surface: 'a', type: 'b' }] },
  { entries: 1 },
  {},
  [],
];

/** Ways to ask that lead to every kind of answer. */
const ways: readonly Record<string, string>[] = [
  { 'x-api-key': key },
  { 'x-api-key': key, 'x-request-timeout-ms': 'soon' },
  { 'x-api-key': key, 'x-request-timeout-ms': '30' },
  { 'x-api-key': key, accept: 'text/event-stream' },
  { 'x-api-key': key, 'content-type': 'text/plain' },
  { 'x-api-key': 'rate-key-0123456789' },
  { 'x-api-key': 'plain-key-0123456789' },
  {},
];

const fill = (path: string, name: string) =>
  path.replaceAll(/\{(\w+)\}/g, (_, parameter: string) => (parameter === 'collection' ? 'lexicons' : name));

describe('/openapi.json', () => {
  it('declares every status and media type that any route answers with, however it is asked', async () => {
    await at.start({ keys, manage: true, bodyLimitBytes: 150_000 });
    const document = (await (await fetch(`${at.url}/openapi.json`, { headers: ways[0]! })).json()) as Document;
    const seen = new Set<number>();
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { requestBody, responses }] of Object.entries(methods)) {
        const sent = requestBody === undefined ? [undefined] : [...bodies, '{"inputs": '];
        const calls = sent.flatMap((body) => ways.map((headers) => ({ body, headers })));
        const ask = async ({ body, headers }: (typeof calls)[number], name: string) => {
          const reply = await fetch(at.url + fill(path, name), {
            method: method.toUpperCase(),
            headers: { 'x-request-timeout-ms': '200', 'content-type': 'application/json', ...headers },
            ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
          });
          const type = reply.headers.get('content-type')?.split(';')[0];
          await reply.arrayBuffer();
          seen.add(reply.status);
          const declared = responses[reply.status];
          const told = `${method} ${fill(path, name)} ${JSON.stringify(headers)} → ${reply.status} ${type}`;
          expect(declared, told).toBeDefined();
          if (type !== undefined) expect(Object.keys(declared?.content ?? {}), told).toContain(type);
        };
        await Promise.all(['echo', 'nobody'].flatMap((name) => calls.map((call) => ask(call, name))));
      }
    }
    expect([...seen].sort()).toEqual(expect.arrayContaining([200, 400, 401, 403, 404, 413, 415, 422, 429, 500, 504]));
  }, 120_000);

  it('names the ways to send a key, and the operations that need none', async () => {
    await at.start({ keys });
    const document = (await (await fetch(`${at.url}/openapi.json`, { headers: ways[0]! })).json()) as Document;
    expect(document.security).toEqual([{ bearer: [] }, { apiKey: [] }]);
    expect(document.components.securitySchemes).toMatchObject({
      bearer: { type: 'http', scheme: 'bearer' },
      apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    });
    for (const [path, methods] of Object.entries(document.paths)) {
      for (const [method, { security, responses }] of Object.entries(methods)) {
        const isOpen = security?.length === 0;
        expect([path, responses['401'] === undefined]).toEqual([path, isOpen]);
        if (method !== 'get') expect([path, isOpen]).toEqual([path, false]);
        else expect([path, (await fetch(at.url + fill(path, 'echo'))).status !== 401]).toEqual([path, isOpen]);
      }
    }
  });

  it('says nothing of keys where none are asked for', async () => {
    await at.start();
    const document = (await (await fetch(`${at.url}/openapi.json`)).json()) as Document;
    expect(document.security).toBeUndefined();
    expect(JSON.stringify(document)).not.toMatch(/securitySchemes|"401"/);
  });
});
