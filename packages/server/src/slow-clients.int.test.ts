import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { echoKernel } from './__fixtures__/echo.js';
import { Listening } from './__fixtures__/listening.js';

let kernel: Kernel;
let at: Listening;
beforeAll(async () => {
  ({ kernel } = await echoKernel());
  at = new Listening(kernel);
  await at.start({ requestTimeoutMs: 100 });
});
afterAll(async () => {
  await at[Symbol.asyncDispose]();
  await kernel[Symbol.asyncDispose]();
});

function caller() {
  const { hostname: host, port } = new URL(at.url);
  const socket = connect({ host, port: Number(port) });
  socket.on('error', () => {}); // being cut off is what is expected
  return socket;
}
const probe = 'GET /livez HTTP/1.1\r\nhost: a\r\n\r\n';
const answersIn = (replies: string) => replies.split('HTTP/1.1 200 OK').length - 1;

it('cuts off a head that does not arrive within the time for it', async () => {
  const socket = caller();
  socket.write('GET /livez HTTP/1.1\r\nx-slow: ');
  const drip = setInterval(() => socket.write('a'), 20);
  socket.resume();
  await once(socket, 'close'); // or the test runs out of time
  clearInterval(drip);
  expect((await fetch(`${at.url}/livez`)).status).toBe(200);
}, 15_000);

it('answers requests that are sent ahead of their replies, as far as anyone needs it', async () => {
  const socket = caller();
  socket.write(probe.repeat(30) + probe.replace('\r\n\r\n', '\r\nconnection: close\r\n\r\n'));
  expect(answersIn(await text(socket))).toBe(31);
});

it('cuts off who sends requests by the thousand ahead of their replies', async () => {
  const socket = caller();
  socket.write(`POST /v1/apps/echo HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n${probe.repeat(1000)}`);
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk;
  });
  await once(socket, 'close');
  expect(answersIn(received)).toBeLessThan(100);
  expect((await fetch(`${at.url}/livez`)).status).toBe(200);
});
