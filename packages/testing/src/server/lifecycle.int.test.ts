import { createKernel, type Kernel, type KernelConfig } from '@zooid/kernel';
import { createServer, hashApiKey, ServerConfig, type ZooidServer } from '@zooid/server';
import { afterEach, expect, it } from 'vitest';
import { type FakeAppOptions, fakeApp } from '../fakes/fake-app.js';
import { type FakeBackend, type FakeBackendOptions, fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { type MemoryStore, memoryStore } from '../fakes/memory-store.js';

/** Hundreds of requests arrive late where the machine has other work. */
const patience = { timeout: 20_000 };

let kernel: Kernel;
let server: ZooidServer;
let store: MemoryStore;
let backend: FakeBackend;
let url: string;

interface Start {
  readonly config?: KernelConfig;
  readonly server?: Partial<ServerConfig>;
  readonly fakes?: Omit<FakeAppOptions & FakeBackendOptions, 'name'>;
}

const put = (id: string, revision: string) => store.put(fakeArtifacts({ id, revision, manifest: { app: 'echo' } }));

async function start({ config = {}, server: overrides = {}, fakes = {} }: Start = {}) {
  store = memoryStore();
  for (const id of ['a', 'b', 'c']) put(id, `${id}1`);
  backend = fakeBackend({ memoryBytes: () => 100, ...fakes });
  kernel = await createKernel({ plugins: [fakeApp(fakes).plugin, store.plugin, backend.plugin], config });
  server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0, manage: true, ...overrides }) });
  ({ url } = await server.listen());
}

afterEach(async () => {
  await server.close();
  await kernel[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: replies are compared as a whole
  readonly body: any;
}

async function call(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const reply = await fetch(url + path, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await reply.text();
  return { status: reply.status, headers: reply.headers, body: text === '' ? undefined : JSON.parse(text) };
}
const ask = (address: string) => call('POST', `/v1/apps/${address}`, { inputs: 'x' });
const infer = (path: string) =>
  call('POST', `/v2/models/${path}/infer`, { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['x'] }] });
const manage = (action: string, body?: unknown) => call('POST', `/v2/repository/${action}`, body);

it('answers versions side by side in every dialect, the default one at the bare name', async () => {
  await start();
  await kernel.endpoints.open('intent', 'a', { version: '1' });
  await kernel.endpoints.open('intent', 'b', { version: '2', default: true });
  kernel.endpoints.setAliases({ assistant: 'intent@1' });
  for (const [address, revision] of [
    ['intent', 'b1'],
    ['intent@1', 'a1'],
    ['intent@2', 'b1'],
    ['intent%401', 'a1'],
    ['assistant', 'a1'],
  ] as const) {
    expect((await ask(address)).body.model.revision, address).toBe(revision);
    const hub = await call('POST', `/models/${address}`, { inputs: 'x' });
    expect(hub.body, address).toMatchObject({ revision });
  }
  expect((await infer('intent')).body).toMatchObject({ model_name: 'intent', model_version: '2' });
  expect((await infer('intent/versions/1')).body).toMatchObject({ model_name: 'intent', model_version: '1' });
  expect((await infer('assistant')).body).toMatchObject({ model_name: 'intent', model_version: '1' });
  expect((await call('GET', '/v2/models/intent/versions/2/ready')).body).toEqual({ name: 'intent', ready: true });
  expect((await call('GET', '/v2/models/intent')).body.versions).toEqual(['2', '1']);
  const missing = await infer('intent/versions/3');
  expect([missing.status, missing.body.error]).toEqual([404, expect.stringContaining('(known: 1, 2)')]);
  expect((await ask('intent@3')).body).toMatchObject({ status: 404, code: 'NAME_UNKNOWN' });
  expect((await call('GET', '/v1/models')).body.data.map(({ id }: { id: string }) => id)).toEqual([
    'intent',
    'intent@1',
    'intent@2',
    'assistant',
  ]);
  expect((await call('GET', '/v1/models/assistant')).body.id).toBe('assistant');
  expect((await call('GET', '/v1/apps')).body.apps).toMatchObject([
    { name: 'intent', version: '1', default: false, state: 'loaded' },
    { name: 'intent', version: '2', default: true, state: 'loaded' },
  ]);
  const { paths } = (await call('GET', '/openapi.json')).body;
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining(['/v1/apps/intent', '/v1/apps/intent@1', '/v1/apps/intent@2']),
  );
});

it('lists aliases and points them elsewhere while they are used', async () => {
  await start();
  await kernel.endpoints.open('one', 'a');
  await kernel.endpoints.open('two', 'b');
  expect((await call('PUT', '/v1/aliases/main', { target: 'one' })).body).toEqual({ aliases: { main: 'one' } });
  expect((await ask('main')).body.model.id).toBe('a');
  await call('PUT', '/v1/aliases/main', { target: 'two' });
  expect((await ask('main')).body.model.id).toBe('b');
  const wrong = await call('PUT', '/v1/aliases/main', { target: 'tow' });
  expect([wrong.status, wrong.body.detail]).toEqual([422, expect.stringContaining("did you mean 'two'?")]);
  expect((await call('PUT', '/v1/aliases/one', { target: 'two' })).status).toBe(422);
  expect((await call('PUT', '/v1/aliases/__proto__', { target: 'two' })).status).toBe(422);
  expect((await call('DELETE', '/v1/aliases/main')).status).toBe(204);
  expect((await call('DELETE', '/v1/aliases/main')).status).toBe(404);
  expect((await call('GET', '/v1/aliases')).body).toEqual({ aliases: {} });
});

it('loads, reloads and unloads as the model repository extension says', async () => {
  const refusing = ({ revision }: { revision: string }) => {
    if (revision === 'bad') throw new Error("'onnx/model.onnx' is not what its digest says");
  };
  await start({ fakes: { beforeLoad: refusing } });
  await kernel.endpoints.open('pinned', 'a');
  await kernel.endpoints.open('lazy', 'b', { lazy: true });
  expect((await call('GET', '/v2')).body.extensions).toContain('model_repository');
  expect((await manage('index', {})).body).toEqual([
    { name: 'pinned', version: 'a1', state: 'READY', reason: '' },
    { name: 'lazy', version: 'b1', state: 'UNAVAILABLE', reason: 'not in memory; the next request loads it' },
  ]);
  expect((await manage('index', { ready: true })).body).toHaveLength(1);
  expect((await call('GET', '/v2/models/lazy/ready')).body.ready).toBe(true);

  expect(await manage('models/lazy/load')).toMatchObject({ status: 200, body: undefined });
  put('a', 'a2');
  expect((await manage('models/pinned/load', { parameters: {} })).status).toBe(200);
  expect((await manage('models/pinned/load', { parameters: null })).status).toBe(200); // as clients send what they have none of
  expect((await ask('pinned')).body.model.revision).toBe('a2');
  put('a', 'bad');
  const refused = await manage('models/pinned/load');
  expect([refused.status, refused.body.error]).toEqual([
    400,
    expect.stringMatching(/'pinned' was not loaded; what served before still does: .*'onnx\/model.onnx' is not/),
  ]);
  expect((await ask('pinned')).body.model.revision).toBe('a2');
  put('a', 'a3');

  expect((await manage('models/pinned/unload', { parameters: { unload_dependents: true } })).status).toBe(200);
  const gone = await ask('pinned');
  expect([gone.status, gone.headers.get('retry-after'), gone.body.code]).toEqual([503, '1', 'ENDPOINT_UNLOADED']);
  expect(await call('GET', '/v2/models/pinned/ready')).toMatchObject({ status: 503, body: { ready: false } });
  expect((await call('GET', '/readyz')).status).toBe(200);
  await manage('models/pinned/load');
  expect((await ask('pinned')).body.model.revision).toBe('a3');

  expect((await manage('models/nobody/load')).body.error).toContain("unknown endpoint 'nobody'");
  expect((await manage('models/pinned/load', { parameters: { config: '{}' } })).body.error).toContain("'config'");
  expect((await manage('models/pinned/load', { parametres: {} })).body.error).toContain("did you mean 'parameters'?");
  expect((await manage('index', [])).status).toBe(400);
});

it('takes what clients of Triton send: JSON without a content-type', async () => {
  await start();
  await kernel.endpoints.open('a', 'a');
  const reply = await fetch(`${url}/v2/repository/index`, { method: 'POST', body: Buffer.from('{"ready": true}') });
  expect([reply.status, await reply.json()]).toMatchObject([200, [{ name: 'a' }]]);
});

it('has no managing routes unless they are wanted, and then only for keys that may and pages of its own', async () => {
  await start({ server: { manage: false } });
  expect((await manage('index', {})).status).toBe(404);
  expect((await call('PUT', '/v1/aliases/x', { target: 'y' })).status).toBe(404);
  expect((await call('GET', '/v2')).body.extensions).toEqual([]);
  await server.close();
  await kernel[Symbol.asyncDispose]();

  const key = (name: string, more: object) => ({ name, hash: hashApiKey(`${name}-key-of-a-test`), ...more });
  await start({ server: { keys: [key('user', {}), key('admin', { manage: true })] } });
  await kernel.endpoints.open('a', 'a');
  const as = (name: string, headers = {}) =>
    call('POST', '/v2/repository/models/a/unload', {}, { 'x-api-key': `${name}-key-of-a-test`, ...headers });
  expect((await manage('index', {})).status).toBe(401);
  const user = await as('user');
  expect([user.status, user.body.error]).toEqual([403, expect.stringContaining('give it manage: true')]);
  expect((await as('admin', { origin: 'https://elsewhere.example' })).status).toBe(403);
  expect(kernel.endpoints.get('a').state).toBe('loaded');
  expect((await as('admin', { origin: url })).status).toBe(200);
});

it('loads a lazy app once for hundreds of first requests, and is ready before', async () => {
  const door = gate();
  await start({ fakes: { beforeLoad: () => door.opened } });
  await kernel.endpoints.open('lazy', 'a', { lazy: true });
  expect((await call('GET', '/readyz')).status).toBe(200);
  const asked = Array.from({ length: 300 }, () => ask('lazy'));
  await expect.poll(() => backend.attempts, patience).toBe(1);
  door.open();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect([new Set(statuses), backend.attempts]).toEqual([new Set([200]), 1]);
});

it('lets other apps answer while requests wait for a load, and refuses those that are too many', async () => {
  const door = gate();
  const holdUp = ({ id }: { id: string }) => (id === 'a' ? door.opened : undefined);
  await start({ server: { maxConcurrent: 2, maxQueued: 2 }, fakes: { beforeLoad: holdUp } });
  await kernel.endpoints.open('slow', 'a', { lazy: true });
  await kernel.endpoints.open('other', 'b');
  const refused: number[] = [];
  const asked = Array.from({ length: 6 }, async () => {
    const { status } = await ask('slow');
    if (status !== 200) refused.push(status);
  });
  await expect.poll(() => refused, patience).toEqual([429, 429]);
  expect((await ask('other')).status).toBe(200);
  door.open();
  await Promise.all(asked);
  expect(refused).toHaveLength(2);
});

it('answers 503 with Retry-After, in the form of the dialect, when a model does not fit', async () => {
  const door = gate();
  await start({
    config: { memoryBudget: 150 },
    fakes: { beforeRun: ([item]) => (item?.text === 'slow' ? door.opened : undefined) },
  });
  await kernel.endpoints.open('a', 'a');
  await kernel.endpoints.open('b', 'b');
  const slow = call('POST', '/v1/apps/a', { inputs: 'slow' });
  await expect.poll(() => kernel.models.loaded(), patience).toHaveLength(1);
  const own = await ask('b');
  expect([own.status, own.headers.get('retry-after'), own.body]).toEqual([
    503,
    '1',
    expect.objectContaining({ code: 'MEMORY_BUDGET', detail: expect.stringContaining('the budget of 150 B') }),
  ]);
  const v2 = await infer('b');
  expect([v2.status, v2.headers.get('retry-after'), v2.body.error]).toEqual([
    503,
    '1',
    expect.stringContaining('100 B'),
  ]);
  const hub = await call('POST', '/models/b', { inputs: 'x' });
  expect([hub.status, hub.body.error_type]).toEqual([503, 'MEMORY_BUDGET']);
  door.open();
  expect((await slow).status).toBe(200);
  expect((await ask('b')).status).toBe(200);
});

it('loses no request while models are loaded, reloaded and unloaded', async () => {
  await start({ server: { maxQueued: 4096 } });
  await kernel.endpoints.open('lazy', 'a', { lazy: true });
  await kernel.endpoints.open('pinned', 'b');
  let stop = false;
  let rounds = 0;
  const managing = (async () => {
    for (; !stop; rounds++) {
      put('a', `a${rounds + 2}`);
      put('b', `b${rounds + 2}`);
      const done = await Promise.all([
        manage('models/pinned/load'),
        manage('models/lazy/unload'),
        manage('models/lazy/load'),
      ]);
      expect(done.map(({ status }) => status)).toEqual([200, 200, 200]);
    }
  })();
  const client = async (address: string) => {
    for (let i = 0; i < 20; i++) expect((await ask(address)).status).toBe(200);
  };
  const clients = Array.from({ length: 24 }, (_, i) => client(i % 2 === 0 ? 'lazy' : 'pinned'));
  await Promise.all(clients).finally(() => {
    stop = true;
  });
  await managing;
  expect(rounds).toBeGreaterThan(1);
});
