import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoState, echoKernel } from './__fixtures__/echo.js';
import { ServerConfig } from './config.js';
import { createServer, type ZooidServer } from './server.js';

const json = { 'content-type': 'application/json' };
const entries = [{ surface: '说不出的秘密', type: 'song' }];

let kernel: Kernel;
let state: EchoState;
let server: ZooidServer;
let url: string;

beforeAll(async () => {
  ({ kernel, state } = await echoKernel());
  server = createServer({
    kernel,
    config: Object.assign(new ServerConfig(), { port: 0 }),
    examples: { echo: 'hello' },
  });
  ({ url } = await server.listen());
});
afterAll(async () => {
  await server.close();
  await kernel[Symbol.asyncDispose]();
});

const get = async (path: string) => (await (await fetch(url + path)).json()) as Record<string, unknown>;
const put = (path: string, body: unknown) =>
  fetch(url + path, { method: 'PUT', headers: json, body: JSON.stringify(body) });

describe('GET /v1/apps', () => {
  it('lists what is served, with models, collections and examples', async () => {
    const { apps } = (await get('/v1/apps')) as { apps: object[] };
    expect(apps).toHaveLength(2);
    expect(apps[0]).toEqual({
      name: 'echo',
      app: 'echo',
      task: 'text-generation',
      description: 'Says what it hears',
      state: 'loaded',
      model: { id: 'fake-model', revision: 'fake-model-1' },
      collections: ['lexicons'],
      example: 'hello',
    });
    expect(await get('/v1/apps/parrot')).toMatchObject({ name: 'parrot' });
  });
});

describe('/v1/apps/{name}/{collection}', () => {
  const path = '/v1/apps/echo/lexicons';

  it('creates, replaces, lists, shows and removes entries', async () => {
    const created = await put(`${path}/songs`, { entries });
    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ name: 'songs', version: 'v1', size: 1 });
    expect((await put(`${path}/songs`, { entries: [...entries, ...entries] })).status).toBe(200);
    expect((await put(`${path}/${encodeURIComponent('歌手')}`, { entries })).status).toBe(201);
    expect(await get(path)).toEqual({
      entries: [
        { name: 'songs', version: 'v2', size: 2 },
        { name: '歌手', version: 'v1', size: 1 },
      ],
    });
    expect(await get(`${path}/songs`)).toMatchObject({ version: 'v2' });

    const removed = await fetch(`${url}${path}/songs`, { method: 'DELETE' });
    expect(removed.status).toBe(204);
    expect(await removed.text()).toBe('');
    expect((await fetch(`${url}${path}/songs`, { method: 'DELETE' })).status).toBe(404);
    expect(await get(`${path}/songs`)).toMatchObject({ status: 404, code: 'ENTRY_NOT_FOUND' });
  });

  it('checks the body before and through the collection', async () => {
    state.lexicons.clear();
    expect(await (await put(`${path}/a`, { entries: [{ surface: '', type: 'x' }], more: 1 })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '/more' }, { pointer: '/entries/0/surface' }],
    });
    expect(await (await put(`${path}/a`, { entries: [{ surface: 'x', type: 'forbidden' }] })).json()).toMatchObject({
      status: 422,
      errors: [{ pointer: '/entries/0/type' }],
    });
    expect(state.lexicons.size).toBe(0);
  });

  it.each(['..%2fevil', '%00', '.hidden', 'a'.repeat(200), 'a%20b', '__proto__', 'constructor', '%ff'])(
    'refuses %s as an entry name',
    async (name) => {
      expect((await put(`${path}/${name}`, { entries })).status).toBe(400);
    },
  );

  it('names the known collections and apps', async () => {
    expect(await get('/v1/apps/echo/lexikons')).toMatchObject({
      status: 404,
      detail: expect.stringContaining("did you mean 'lexicons'"),
    });
    expect(await get('/v1/apps/echo/constructor')).toMatchObject({ status: 404 });
    expect(await get('/v1/apps/nobody/lexicons')).toMatchObject({ status: 404 });
  });
});

describe('every route', () => {
  it('answers 404 with a hint where there is nothing', async () => {
    expect(await get('/v9/apps')).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  });

  it('answers 400 in its own form to an address that cannot be taken apart', async () => {
    const { hostname: host, port } = new URL(url);
    const socket = connect({ host, port: Number(port) });
    socket.write('GET http://[/v1/apps HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
    const reply = await text(socket);
    expect(reply).toMatch(/^HTTP\/1\.1 400 .*content-type: application\/problem\+json/is);
    expect(JSON.parse(reply.slice(reply.indexOf('{')))).toMatchObject({ status: 400, code: 'MALFORMED_URL' });
  });

  it('answers 405 with the methods that are possible', async () => {
    const reply = await fetch(`${url}/v1/apps/echo`, { method: 'DELETE' });
    expect(reply.status).toBe(405);
    expect(reply.headers.get('allow')).toBe('GET, POST, HEAD, OPTIONS');
    const options = await fetch(`${url}/v1/apps`, { method: 'OPTIONS' });
    expect(options.status).toBe(204);
    expect(options.headers.get('allow')).toBe('GET, HEAD, OPTIONS');
  });

  it('answers HEAD like GET without a body', async () => {
    const reply = await fetch(`${url}/v1/apps`, { method: 'HEAD' });
    expect(reply.status).toBe(200);
    expect(Number(reply.headers.get('content-length'))).toBeGreaterThan(10);
  });

  it('sends protective headers and does not say what it runs on', async () => {
    const { headers } = await fetch(`${url}/v1/apps`);
    expect(headers.get('x-powered-by')).toBeNull();
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe.each(['/', '/docs'])('GET %s', (path) => {
  it('is one self-contained page whose policy allows exactly its own script and style', async () => {
    const reply = await fetch(url + path);
    expect(reply.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = reply.headers.get('content-security-policy') ?? '';
    const page = await reply.text();
    for (const tag of ['script', 'style']) {
      const content = new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`).exec(page)?.[1] ?? '';
      const digest = await crypto.subtle.digest('SHA-256', Buffer.from(content));
      expect(policy).toContain(`${tag}-src 'sha256-${Buffer.from(digest).toString('base64')}'`);
    }
    expect(page).not.toMatch(/(src|href)="https?:/);
    expect(() => new Function(/<script>([\s\S]*?)<\/script>/.exec(page)?.[1] ?? '')).not.toThrow();
  });
});

describe('GET /openapi.json', () => {
  it('covers every route, once as a template and once per served app with exact schemas', async () => {
    const document = await get('/openapi.json');
    expect(document.openapi).toBe('3.1.0');
    const paths = document.paths as Record<string, Record<string, Record<string, never>>>;
    expect(Object.fromEntries(Object.entries(paths).map(([path, methods]) => [path, Object.keys(methods)]))).toEqual({
      '/': ['get'],
      '/docs': ['get'],
      '/openapi.json': ['get'],
      '/livez': ['get'],
      '/v1/aliases': ['get'],
      '/startupz': ['get'],
      '/readyz': ['get'],
      '/metrics': ['get'],
      '/models/{model}': ['post'],
      '/hf/{task}/{model}': ['post'],
      '/v2': ['get'],
      '/v2/health/live': ['get'],
      '/v2/health/ready': ['get'],
      '/v2/models/{model}': ['get'],
      '/v2/models/{model}/ready': ['get'],
      '/v2/models/{model}/infer': ['post'],
      '/v2/models/{model}/versions/{version}': ['get'],
      '/v2/models/{model}/versions/{version}/ready': ['get'],
      '/v2/models/{model}/versions/{version}/infer': ['post'],
      '/v1/embeddings': ['post'],
      '/v1/models': ['get'],
      '/v1/models/{model}': ['get'],
      '/v1/apps': ['get'],
      '/v1/apps/{name}': ['get', 'post'],
      '/v1/apps/{name}/{collection}': ['get'],
      '/v1/apps/{name}/{collection}/{entry}': ['get', 'put', 'delete'],
      '/v1/apps/echo': ['get', 'post'],
      '/v1/apps/echo/lexicons': ['get'],
      '/v1/apps/echo/lexicons/{entry}': ['get', 'put', 'delete'],
      '/v1/apps/parrot': ['get', 'post'],
      '/v1/apps/parrot/lexicons': ['get'],
      '/v1/apps/parrot/lexicons/{entry}': ['get', 'put', 'delete'],
    });
    const ids = Object.values(paths).flatMap((methods) => Object.values(methods).map(({ operationId }) => operationId));
    expect(new Set(ids).size).toBe(ids.length);
    expect(paths['/v1/apps/echo']?.post).toMatchObject({
      requestBody: { content: { 'application/json': { example: { inputs: 'hello' } } } },
      responses: {
        200: {
          content: {
            'application/json': {
              schema: { properties: { outputs: { items: { properties: { echo: { type: 'string' } } } } } },
            },
          },
        },
        422: { content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } },
      },
    });
  });

  it('derives component schemas from the DTOs, nested ones and defaults included, and every reference resolves', async () => {
    const document = await get('/openapi.json');
    const { schemas } = document.components as { schemas: Record<string, object> };
    expect(schemas.EchoItem).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['text'],
      properties: {
        text: { type: 'string', minLength: 1 },
        lexicon: { type: 'array', maxItems: 100, items: { $ref: '#/components/schemas/Entry' } },
      },
    });
    expect(schemas.EchoParameters).toMatchObject({
      properties: { times: { type: 'integer', minimum: 1, maximum: 5, default: 1 } },
    });
    expect(schemas.EchoParameters).not.toHaveProperty('required');
    const references = [...JSON.stringify(document).matchAll(/"#\/components\/schemas\/(\w+)"/g)].map(
      ([, name]) => name,
    );
    expect(references.length).toBeGreaterThan(5);
    for (const name of references) expect(schemas).toHaveProperty(name ?? '');
  });
});
