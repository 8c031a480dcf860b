import { connect } from 'node:net';
import type { Kernel } from '@zooid/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { echoKernel } from '../__fixtures__/echo.js';
import { codeOf, Listening } from '../__fixtures__/listening.js';
import { hashApiKey } from './key-hash.js';

let kernel: Kernel;
let at: Listening;

beforeAll(async () => {
  ({ kernel } = await echoKernel());
  at = new Listening(kernel);
});
afterEach(() => at[Symbol.asyncDispose]());
afterAll(() => kernel[Symbol.asyncDispose]());

describe('API keys', () => {
  const keys = [
    { name: 'first', hash: hashApiKey('first-key-0123456789') },
    { name: 'second', hash: hashApiKey('a password', 'scrypt'), requestsPerMinute: 2 },
  ];

  it('are asked for everywhere but at the probes, in either header', async () => {
    await at.start({ keys });
    const refused = await at.post();
    expect(refused.headers.get('www-authenticate')).toBe('Bearer realm="zooid"');
    expect(await codeOf(refused, 401)).toBe('UNAUTHENTICATED');
    for (const headers of [
      { authorization: 'Bearer nobody' },
      { authorization: 'Basic first-key-0123456789' },
      { 'x-api-key': 'first-key-012345678' },
      { 'x-api-key': 'x'.repeat(5000) },
    ] as Record<string, string>[]) {
      expect(await codeOf(await at.post(undefined, headers), 401)).toBe('UNAUTHENTICATED');
    }
    for (const path of ['/openapi.json', '/metrics', '/v1/apps', '/nothing']) {
      expect((await fetch(at.url + path)).status).toBe(401);
    }
    // The pages hold no data, and ask for the key themselves.
    for (const path of ['/', '/docs', '/readyz']) expect((await fetch(at.url + path)).status).toBe(200);
    expect((await at.post(undefined, { authorization: 'Bearer first-key-0123456789' })).status).toBe(200);
    expect((await at.post(undefined, { 'x-api-key': 'first-key-0123456789' })).status).toBe(200);
    await expect.poll(() => at.entries().filter(({ key }) => key === 'first')).toHaveLength(2);
    expect(at.logged.join('')).not.toMatch(/first-key|nobody/);
  });

  it('may be hashed with scrypt, and have a rate of their own', async () => {
    await at.start({ keys });
    const call = () => at.post(undefined, { 'x-api-key': 'a password' });
    expect([(await call()).status, (await call()).status]).toEqual([200, 200]);
    const third = await call();
    expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await codeOf(third, 429)).toBe('RATE_LIMITED');
    expect((await at.post(undefined, { 'x-api-key': 'first-key-0123456789' })).status).toBe(200);
  });

  it('leave /metrics to everybody when it is said to be public', async () => {
    await at.start({ keys, metrics: { enabled: true, public: true } });
    expect((await fetch(`${at.url}/metrics`)).status).toBe(200);
  });
});

describe('rates by address', () => {
  it('bound guessing too, believe proxies only when told, and leave probes alone', async () => {
    await at.start({
      keys: [{ name: 'a', hash: hashApiKey('first-key-0123456789') }],
      rateLimit: { perAddress: 2, perKey: 0 },
      proxies: { trusted: ['loopback'] },
    });
    const from = (address: string) => at.post(undefined, { 'x-forwarded-for': address });
    expect([(await from('192.0.2.1')).status, (await from('192.0.2.1')).status]).toEqual([401, 401]);
    expect(await codeOf(await from('192.0.2.1'), 429)).toBe('RATE_LIMITED');
    expect((await from('192.0.2.2')).status).toBe(401);
    for (let i = 0; i < 5; i++) expect((await fetch(`${at.url}/livez`)).status).toBe(200);
    await at.start({ rateLimit: { perAddress: 2, perKey: 0 } });
    const answers = [await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.3')];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
  });
});

describe('deadlines', () => {
  it('answer 504 and abort the work, at what the caller asks for or the configuration allows', async () => {
    await at.start({ deadlineMs: 150 });
    const slow = { inputs: 'a', parameters: { delayMs: 30_000 } };
    expect(await codeOf(await at.post(slow, { 'x-request-timeout-ms': '20' }), 504)).toBe('DEADLINE_EXCEEDED');
    expect(await codeOf(await at.post(slow, { 'x-request-timeout-ms': '999999' }), 504)).toBe('DEADLINE_EXCEEDED');
    expect(await codeOf(await at.post(slow, { 'x-request-timeout-ms': '1.5' }), 400)).toBe('MALFORMED_HEADER');
    expect((await at.post()).status).toBe(200);
  });

  it('answer 408 when it is the body that did not come', async () => {
    await at.start({ deadlineMs: 100 });
    const socket = connect(Number(new URL(at.url).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text) => {
      received += text;
    });
    const head =
      'POST /v1/apps/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n';
    socket.write(`${head}{`);
    await expect.poll(() => received).toMatch(/^HTTP\/1.1 408 [\s\S]*BODY_TIMEOUT/);
    socket.destroy();
  });
});

describe('CORS', () => {
  const origin = 'https://app.example';
  const preflight = (from: string) =>
    fetch(`${at.url}/v1/apps/echo`, {
      method: 'OPTIONS',
      headers: { origin: from, 'access-control-request-method': 'POST' },
    });

  it('is off by default', async () => {
    await at.start();
    expect((await preflight(origin)).headers.get('access-control-allow-origin')).toBeNull();
  });

  it('lets the named origins call and no others, and answers preflights without a key', async () => {
    await at.start({
      cors: { origins: [origin], maxAgeSeconds: 60 },
      keys: [{ name: 'a', hash: hashApiKey('first-key-0123456789') }],
    });
    const allowed = await preflight(origin);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([204, origin]);
    expect(allowed.headers.get('access-control-allow-headers')).toContain('authorization');
    const other = await preflight('https://evil.example');
    expect([other.status, other.headers.get('access-control-allow-origin')]).toEqual([401, null]);
    const reply = await at.post(undefined, { origin, 'x-api-key': 'first-key-0123456789' });
    expect([reply.status, reply.headers.get('access-control-allow-origin'), reply.headers.get('vary')]).toEqual([
      200,
      origin,
      'origin',
    ]);
  });
});

describe('binding', () => {
  it('is refused without keys where the network reaches it, unless that is wanted', async () => {
    await expect(at.start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'INSECURE_BIND' });
    await at.start({ host: '0.0.0.0', insecure: true });
    await at.start({ host: '0.0.0.0', keys: [{ name: 'a', hash: hashApiKey('first-key-0123456789') }] });
  });
});
