import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoState, echoKernel } from './__fixtures__/echo.js';
import { ServerConfig } from './config.js';
import { createServer, type ZooidServer } from './server.js';

const config = (overrides: Partial<ServerConfig> = {}) => Object.assign(new ServerConfig(), { port: 0, ...overrides });
const json = { 'content-type': 'application/json' };

let kernel: Kernel;
let state: EchoState;
let server: ZooidServer;
let url: string;

beforeAll(async () => {
  ({ kernel, state } = await echoKernel({ maxTextLength: 50_000 }));
  server = createServer({ kernel, config: config(), examples: { echo: 'hello' } });
  ({ url } = await server.listen());
});
afterAll(async () => {
  await server.close();
  await kernel[Symbol.asyncDispose]();
});

const post = (body: unknown, path = '/v1/apps/echo', init: RequestInit = {}) =>
  fetch(url + path, {
    method: 'POST',
    headers: json,
    body:
      typeof body === 'string' || body instanceof Uint8Array
        ? (body as NonNullable<RequestInit['body']>)
        : JSON.stringify(body),
    ...init,
  });

/** Asserts that a reply is a proper problem and returns it. */
async function problemOf(reply: Response, status: number) {
  expect(reply.status).toBe(status);
  expect(reply.headers.get('content-type')).toBe('application/problem+json');
  const text = await reply.text();
  expect(text).not.toMatch(/\.ts|\.js:|node_modules| {4}at /);
  const problem = JSON.parse(text) as {
    status: number;
    title: string;
    detail: string;
    code: string;
    errors?: { pointer: string; detail: string }[];
  };
  expect(problem.status).toBe(status);
  expect(problem.title).not.toBe('');
  return problem;
}

const pointers = async (reply: Response, status = 422) =>
  (await problemOf(reply, status)).errors?.map(({ pointer }) => pointer);

describe('POST /v1/apps/{name}', () => {
  it('answers one string with an array of one output and names the model', async () => {
    const reply = await post({ inputs: '你好' });
    expect(reply.status).toBe(200);
    expect(await reply.json()).toEqual({
      outputs: [{ echo: '你好', length: 2 }],
      model: { id: 'fake-model', revision: 'fake-model-1' },
    });
  });

  it('answers lists of strings and objects in order, with parameters', async () => {
    const reply = await post({ inputs: ['a', { text: 'b' }, 'c'], parameters: { times: 2 } });
    const { outputs } = (await reply.json()) as { outputs: { echo: string }[] };
    expect(outputs.map(({ echo }) => echo)).toEqual(['aa', 'bb', 'cc']);
  });

  it('keeps every answer with its question under 200 concurrent requests', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => {
        const reply = await post({ inputs: [`q${i}`, `r${i}`], parameters: { delayMs: i % 7 } });
        return ((await reply.json()) as { outputs: { echo: string }[] }).outputs.map(({ echo }) => echo);
      }),
    );
    expect(answers).toEqual(Array.from({ length: 200 }, (_, i) => [`q${i}`, `r${i}`]));
  });

  it('points at every field that is wrong', async () => {
    expect(await pointers(await post({ inputs: [{ text: 'ok' }, { text: 5 }, { text: '' }, 'ok', 7, null] }))).toEqual([
      '/inputs/1/text',
      '/inputs/2/text',
      '/inputs/4',
      '/inputs/5',
    ]);
    expect(await pointers(await post({ inputs: 'x', parameters: { times: 'two', delay: 1 } }))).toEqual([
      '/parameters/delay',
      '/parameters/times',
    ]);
    expect(await pointers(await post({ inputs: { text: 'x', lexicon: [{ surface: 'y', type: 3 }] } }))).toEqual([
      '/inputs/lexicon/0/type',
    ]);
  });

  it('points at the string itself where a string stands for an item', async () => {
    expect(await pointers(await post({ inputs: '' }))).toEqual(['/inputs']);
    expect(await pointers(await post({ inputs: ['a', ''] }))).toEqual(['/inputs/1']);
  });

  it.each([
    ['no inputs', {}, '/inputs'],
    ['empty inputs', { inputs: [] }, '/inputs'],
    ['a null item', { inputs: null }, '/inputs'],
    ['an unknown envelope field', { inputs: 'a', input: 'b' }, '/input'],
    ['an unknown item field', { inputs: { text: 'a', txet: 'b' } }, '/inputs/txet'],
    ['parameters that are a list', { inputs: 'a', parameters: [] }, '/parameters'],
    ['a body that is a list', ['a'], ''],
    ['a body that is a string', '"a"', ''],
    ['a body that is null', 'null', ''],
  ])('refuses %s', async (_, body, pointer) => {
    expect(await pointers(await post(body))).toEqual([pointer]);
  });

  it.each([
    ['in a string item', String.raw`{"inputs":["fine","\ud800"]}`, '/inputs/1'],
    ['in an object item', String.raw`{"inputs":{"text":"a\udc00b"}}`, '/inputs/text'],
    [
      'in a nested value',
      String.raw`{"inputs":{"text":"a","lexicon":[{"surface":"\ud83d","type":"t"}]}}`,
      '/inputs/lexicon/0/surface',
    ],
    ['in a field name', String.raw`{"inputs":"a","parameters":{"\ud800":1}}`, '/parameters'],
  ])('refuses a lone surrogate %s', async (_, body, pointer) => {
    expect(await pointers(await post(body))).toEqual([pointer]);
  });

  it('accepts a surrogate pair', async () => {
    const reply = await post(String.raw`{"inputs":"\ud83d\ude00"}`);
    expect(await reply.json()).toMatchObject({ outputs: [{ echo: '😀', length: 2 }] });
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty', 'toString'])(
    'refuses the field name %s anywhere',
    async (name) => {
      expect(await pointers(await post(`{"inputs":"a","${name}":{"x":1}}`))).toEqual([`/${name}`]);
      expect(await pointers(await post(`{"inputs":{"text":"a","${name}":{"x":1}}}`))).toEqual([`/inputs/${name}`]);
      expect(await pointers(await post(`{"inputs":"a","parameters":{"${name}":null}}`))).toEqual([
        `/parameters/${name}`,
      ]);
      expect(({} as { x?: unknown }).x).toBeUndefined();
    },
  );

  it.each([
    ['broken JSON', '{"inputs": "a"'],
    ['two documents', '{"inputs":"a"} {"inputs":"b"}'],
    ['an empty body', ''],
    ['bytes that are not UTF-8', new Uint8Array([...Buffer.from('{"inputs":"'), 0xc3, 0x28, ...Buffer.from('"}')])],
    ['UTF-8 that is cut off', new Uint8Array([...Buffer.from('{"inputs":"a"}'), 0xe4, 0xb8])],
  ])('answers 400 to %s', async (_, body) => {
    expect((await problemOf(await post(body), 400)).code).toBe('MALFORMED_JSON');
  });

  it('does not repeat the text of a broken body', async () => {
    const problem = await problemOf(await post('{"inputs": "my secret text" oops}'), 400);
    expect(problem.detail).not.toContain('secret');
  });

  it('names the served apps when the app is unknown, and suggests the nearest', async () => {
    const problem = await problemOf(await post({ inputs: 'a' }, '/v1/apps/ecko'), 404);
    expect(problem.detail).toContain("did you mean 'echo'");
    expect(problem.detail).toContain('parrot');
    await problemOf(await post({ inputs: 'a' }, '/v1/apps/__proto__'), 404);
    await problemOf(await post({ inputs: 'a' }, '/v1/apps/..%2f..%2fetc'), 404);
  });

  it('answers 415 unless the body is plain UTF-8 JSON', async () => {
    const withType = (type: string) => post({ inputs: 'a' }, undefined, { headers: { 'content-type': type } });
    const problem = await problemOf(await withType('application/x-www-form-urlencoded'), 415);
    expect(problem.detail).toContain('application/json');
    await problemOf(await withType('application/json; charset=gbk'), 415);
    await problemOf(await post({}, undefined, { headers: { ...json, 'content-encoding': 'gzip' } }), 415);
    expect((await withType('application/problem+json; charset="UTF-8"')).status).toBe(200);
  });

  it('answers 413 with a pointer to a text of 1 MB', async () => {
    expect(await pointers(await post({ inputs: ['ok', '说'.repeat(350_000)] }), 413)).toEqual(['/inputs/1']);
    expect(await pointers(await post({ inputs: { text: 'x'.repeat(1_000_000) } }), 413)).toEqual(['/inputs/text']);
  });

  it('answers 413 to too many items', async () => {
    const problem = await problemOf(await post({ inputs: Array(2000).fill('a') }), 413);
    expect(problem.errors).toMatchObject([{ pointer: '/inputs' }]);
  });

  it('answers 413 to a body above the limit, announced or streamed, after the client has sent all of it', async () => {
    expect((await problemOf(await post({ inputs: 'x'.repeat(5_000_000) }), 413)).code).toBe('BODY_TOO_LARGE');
    const chunk = new Uint8Array(100_000).fill(0x20);
    let left = 50;
    const stream = new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const init = { method: 'POST', headers: json, body: stream, duplex: 'half' } as RequestInit;
    await problemOf(await fetch(`${url}/v1/apps/echo`, init), 413);
  });

  it.each([
    ['nests too deep', '['.repeat(100_000)],
    ['holds too many objects', `{"inputs":[${Array(100_000).fill('{}').join(',')}]}`],
    ['holds too many different names', `{${Array.from({ length: 5000 }, (_, i) => `"k${i}":1`).join(',')}}`],
  ])('answers 413 to a body that %s', async (_, body) => {
    await problemOf(await post(body), 413);
  });

  it('answers 500 without details when an app breaks', async () => {
    const problem = await problemOf(await post({ inputs: 'a', parameters: { fail: true } }), 500);
    expect(problem.detail).not.toContain('secret');
  });

  it('aborts the work when the caller disconnects', async () => {
    const before = state.aborted;
    const gone = new AbortController();
    const reply = post({ inputs: 'a', parameters: { delayMs: 30_000 } }, undefined, { signal: gone.signal });
    await expect.poll(() => state.running).toBeGreaterThan(0);
    gone.abort();
    await expect(reply).rejects.toThrow();
    await expect.poll(() => state.aborted).toBe(before + 1);
  });

  it('survives an upload that ends half way', async () => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const head =
      'POST /v1/apps/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';
    socket.write(`${head}{"inputs":`, () => socket.destroy());
    await sleep(50);
    expect((await post({ inputs: 'still here' })).status).toBe(200);
  });

  it('never holds the event loop for 20 ms, whatever the body', async () => {
    const bodies = [
      { inputs: '说'.repeat(600_000) },
      { inputs: Array(256).fill('a short text') },
      { inputs: 'a', parameters: { x: Array(50_000).fill({ surface: 'b', type: 'c' }) } },
      `[${Array(500_000).fill('[]').join(',')}]`,
      `{${Array.from({ length: 100_000 }, (_, i) => `"k${i}":1`).join(',')}}`,
    ].map((body) => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)));
    const delay = monitorEventLoopDelay({ resolution: 1 });
    for (const body of bodies) {
      // The best of a few rounds: other processes can only ever make a pause look longer than it is.
      let best = Number.POSITIVE_INFINITY;
      for (let round = 0; round < 8 && best >= 20; round++) {
        delay.enable();
        delay.reset();
        await rawPost(body);
        await sleep(5);
        delay.disable();
        best = Math.min(best, delay.max / 1e6);
      }
      expect(best).toBeLessThan(20);
    }
  });
});

/** A client that does no work of its own on the body, so that what is measured is the server. */
function rawPost(body: Buffer) {
  return new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    const options = { method: 'POST', headers: { ...json, 'content-length': body.length } };
    httpRequest(`${url}/v1/apps/echo`, options, (reply) => reply.resume().on('end', () => resolve(reply)))
      .on('error', reject)
      .end(body);
  });
}
