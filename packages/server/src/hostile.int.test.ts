import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoState, echoKernel } from './__fixtures__/echo.js';
import { Listening } from './__fixtures__/listening.js';

let kernel: Kernel;
let state: EchoState;
let at: Listening;
beforeAll(async () => {
  ({ kernel, state } = await echoKernel());
  at = new Listening(kernel);
  await at.start();
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await kernel[Symbol.asyncDispose]();
});

function open(): Socket {
  const socket = connect(Number(new URL(at.url).port), '127.0.0.1');
  return socket.on('error', () => {}); // being cut off is among what is expected
}

/** All that comes back until the server closes the connection. */
async function exchange(text: string): Promise<string> {
  const socket = open();
  let received = '';
  socket.setEncoding('utf8').on('data', (chunk) => {
    received += chunk;
  });
  socket.write(text);
  await once(socket, 'close'); // or the test runs out of time
  return received;
}

const post = 'POST /v1/apps/echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n';

describe('what is not HTTP as it should be', () => {
  it.each([
    ['a head of more than 16 kB', `GET /livez HTTP/1.1\r\nhost: a\r\nx-flood: ${'a'.repeat(20_000)}\r\n\r\n`, 431],
    ['many headers', `GET /livez HTTP/1.1\r\nhost: a\r\n${'ab: cd\r\n'.repeat(5000)}\r\n`, 431],
    ['no host', 'GET /livez HTTP/1.1\r\n\r\n', 400],
    ['no request line', 'hello\r\n\r\n', 400],
    ['a line feed in a header', 'GET /livez HTTP/1.1\r\nhost: a\r\nx: a\nb\r\n\r\n', 400],
    ['a length that is none', `${post}content-length: ten\r\n\r\n{}`, 400],
    ['two lengths', `${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`, 400],
    ['a length beside chunks', `${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a chunk without its size', `${post}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n`, 400],
  ])('is refused: %s', async (_, text, status) => {
    const received = await exchange(text);
    expect(received.slice(0, 12)).toBe(`HTTP/1.1 ${status}`);
    expect(received).not.toMatch(/node:|\.[jt]s:\d/);
    expect((await at.post()).status).toBe(200);
  });
});

describe('uploads that end half way', () => {
  it('leave nothing behind', async () => {
    const vanish = async (i: number) => {
      const socket = open();
      socket.write(`${post}content-length: 1000\r\n\r\n{"inputs": "${'a'.repeat(i)}`);
      await once(socket, 'connect');
      if (i % 2 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      socket.destroy();
    };
    await Promise.all(Array.from({ length: 100 }, (_, i) => vanish(i)));
    await expect
      .poll(
        async () =>
          (await (await fetch(`${at.url}/metrics`)).text()).match(/^zooid_http_requests_in_flight (\d+)$/m)?.[1],
        { timeout: 10_000 }, // a busy machine hears late of connections that are gone
      )
      .toBe('1');
    expect(state.running).toBe(0);
  });
});

/** How each dialect is asked, where its error keeps its sentence, and its status for what is wrong with a request. */
const dialects = [
  { path: '/v1/apps/echo', sentence: ['detail'], invalid: 422, wrap: (rest: string) => `{"inputs":"a",${rest}}` },
  { path: '/models/echo', sentence: ['error'], invalid: 422, wrap: (rest: string) => `{"inputs":"a",${rest}}` },
  {
    path: '/v2/models/echo/infer',
    sentence: ['error'],
    invalid: 400,
    wrap: (rest: string) => `{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["a"]}],${rest}}`,
  },
  {
    path: '/v1/embeddings',
    sentence: ['error', 'message'],
    invalid: 400,
    wrap: (rest: string) => `{"model":"echo","input":"a",${rest}}`,
  },
];

describe.each(dialects)('hostile JSON to $path', ({ path, sentence, invalid, wrap }) => {
  it.each([
    ['numbers beyond what fits', wrap('"parameters":{"times":1e400}'), invalid],
    ['numbers of many digits', wrap(`"parameters":{"times":${'9'.repeat(500)}}`), invalid],
    ['numbers below what fits', wrap('"parameters":{"times":1e-400}'), invalid],
    ['prototypes', wrap('"__proto__":{"polluted":true}'), invalid],
    ['constructors', wrap('"parameters":{"constructor":{"prototype":{"polluted":true}}}'), invalid],
    ['arrays in arrays', wrap(`"parameters":${'['.repeat(5000)}${']'.repeat(5000)}`), 413],
    ['objects in objects', wrap(`"parameters":${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`), 413],
    ['a million brackets', '['.repeat(1_000_000), 413],
    ['numbers that are none', wrap('"parameters":NaN'), 400],
    ['a field a thousand times', wrap(Array(1000).fill('"parameters":{}').join()), undefined],
  ])('is answered in its own words: %s', async (_, body, status) => {
    const reply = await fetch(at.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    const text = await reply.text();
    expect(text).not.toMatch(/node:|node_modules|\.[jt]s:\d| {4}at /);
    if (status === undefined) expect(reply.status).toBeLessThan(500);
    else {
      expect(reply.status, text).toBe(status);
      const told = sentence.reduce(
        (place, name) => (place as Record<string, unknown>)[name],
        JSON.parse(text) as unknown,
      );
      expect(told).toMatch(/\w{3}/);
    }
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
