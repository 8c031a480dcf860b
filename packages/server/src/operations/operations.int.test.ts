import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import type { Kernel } from '@zooid/kernel';
import express from 'express';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type EchoState, echoKernel } from '../__fixtures__/echo.js';
import { parseExposition } from '../__fixtures__/exposition.js';
import { codeOf, Listening } from '../__fixtures__/listening.js';
import { createServer } from '../server.js';

let kernel: Kernel;
let state: EchoState;
let at: Listening;

beforeAll(async () => {
  ({ kernel, state } = await echoKernel());
  at = new Listening(kernel);
});
afterEach(() => at[Symbol.asyncDispose]());
afterAll(() => kernel[Symbol.asyncDispose]());

describe('request ids', () => {
  it('are taken over when well formed, made otherwise, and stand in the reply and the log', async () => {
    await at.start();
    const own = await at.post(undefined, { 'x-request-id': 'abc-1.2:3' });
    expect(own.headers.get('x-request-id')).toBe('abc-1.2:3');
    for (const bad of ['with space', '<script>', '-x', 'x'.repeat(129)]) {
      expect((await at.post(undefined, { 'x-request-id': bad })).headers.get('x-request-id')).toMatch(
        /^[0-9a-f-]{36}$/,
      );
    }
    await expect.poll(() => at.entries().map(({ requestId }) => requestId)).toContain('abc-1.2:3');
  });
});

describe('the access log', () => {
  it('has one line a request, its level by status, and no user text', async () => {
    await at.start();
    const secret = 'geheimnis';
    await at.post({ inputs: secret });
    await at.post({ inputs: { text: 5, [secret]: 1 } });
    await at.post({ inputs: secret, parameters: { fail: true } });
    await fetch(`${at.url}/${secret}?q=${secret}`);
    await fetch(`${at.url}/livez`);
    await expect.poll(() => at.entries().filter(({ message }) => message === 'request')).toHaveLength(4);
    expect(
      at
        .entries()
        .filter(({ message }) => message === 'request')
        .map(({ level, route, app, status, code }) => [level, route, app, status, code]),
    ).toEqual([
      ['info', '/v1/apps/{name}', 'echo', 200, undefined],
      ['warn', '/v1/apps/{name}', 'echo', 422, 'VALIDATION_FAILED'],
      ['error', '/v1/apps/{name}', 'echo', 500, 'INTERNAL'],
      ['warn', 'unmatched', undefined, 404, 'ROUTE_NOT_FOUND'],
    ]);
    expect(at.logged.join('')).not.toContain(secret);
    expect(at.logged.join('')).not.toContain('secret detail'); // the message of the app's own error
    expect(at.entries().find(({ message }) => message === 'request failed')).toMatchObject({
      error: { type: 'Error', frames: expect.arrayContaining([expect.stringContaining('at ')]) },
    });
  });
});

describe('Server-Timing', () => {
  it('tells queue, run and total, and total alone where no app was asked', async () => {
    await at.start();
    const timing = (await at.post({ inputs: 'a', parameters: { delayMs: 20 } })).headers.get('server-timing') ?? '';
    const [, run, total] = /^queue;dur=[\d.]+, run;dur=([\d.]+), total;dur=([\d.]+)$/.exec(timing) ?? [];
    expect(Number(run)).toBeGreaterThan(15);
    expect(Number(total)).toBeGreaterThanOrEqual(Number(run));
    expect((await fetch(`${at.url}/nothing`)).headers.get('server-timing')).toMatch(/^total;dur=[\d.]+$/);
  });
});

describe('the Priority header', () => {
  it.each([
    ['u=1', 1],
    [undefined, undefined],
    ['urgent', undefined],
  ])('%j tells the app that the urgency is %j', async (priority, urgency) => {
    await at.start();
    expect((await at.post(undefined, priority === undefined ? {} : { priority })).status).toBe(200);
    expect(state.urgency).toBe(urgency);
  });
});

describe('/metrics', () => {
  it('is strictly in the text format, with labels that callers cannot make up', async () => {
    await at.start();
    await kernel.endpoints.open('late', 'other-model');
    await kernel.endpoints.close('late');
    await at.post();
    kernel.events.emit({
      type: 'batch-dispatched',
      endpoint: 'echo',
      rows: 3,
      tokens: 90,
      paddedTokens: 100,
      queueMs: 2,
    });
    await at.post({ inputs: '' });
    for (let i = 0; i < 20; i++) {
      await fetch(`${at.url}/made-up-${i}`);
      await at.post(undefined, {}, `/v1/apps/made-up-${i}`);
    }
    const reply = await fetch(`${at.url}/metrics`);
    expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    const text = await reply.text();
    expect(text).not.toContain('made-up');
    const samples = parseExposition(text);
    const value = (name: string, labels: Record<string, string> = {}) =>
      samples.find(
        (sample) => sample.name === name && Object.entries(labels).every(([key, is]) => sample.labels[key] === is),
      )?.value;
    const own = { route: '/v1/apps/{name}', app: 'echo' };
    expect(value('zooid_http_requests_total', { ...own, method: 'POST', status: '200' })).toBe(1);
    expect(value('zooid_http_requests_total', { ...own, method: 'POST', status: '422' })).toBe(1);
    expect(value('zooid_http_requests_total', { route: 'unmatched', status: '404' })).toBe(20);
    expect(value('zooid_http_requests_total', { route: '/v1/apps/{name}', app: '', status: '404' })).toBe(20);
    expect(value('zooid_http_request_duration_seconds_count', own)).toBe(2);
    expect(value('zooid_app_run_duration_seconds_count', { app: 'echo' })).toBe(1);
    expect(value('zooid_http_errors_total', { code: 'ROUTE_NOT_FOUND' })).toBe(20);
    expect(value('zooid_model_loads_total', { model: 'other-model', outcome: 'loaded' })).toBe(1);
    const batch = { app: 'echo', le: '4' };
    expect(value('zooid_batch_size_bucket', { app: 'echo', le: '2' })).toBe(0);
    expect(value('zooid_batch_size_bucket', batch)).toBe(1);
    expect(value('zooid_batch_padded_ratio_sum', { app: 'echo' })).toBeCloseTo(0.1);
    expect(value('zooid_batch_queue_seconds_sum', { app: 'echo' })).toBe(0.002);
    expect(value('zooid_http_requests_in_flight')).toBe(1);
    expect(value('zooid_requests_queued')).toBe(0);
    for (const name of ['process_resident_memory_bytes', 'process_cpu_seconds_total'])
      expect(value(name)).toBeGreaterThan(0);
  });

  it('hold the lag of the event loop, as soon as it has been sampled', async () => {
    await at.start();
    await vi.waitFor(
      async () => {
        const samples = parseExposition(await (await fetch(`${at.url}/metrics`)).text());
        const lag = samples.find(({ name }) => name === 'nodejs_eventloop_lag_p99_seconds')?.value;
        expect(lag).toBeGreaterThan(0);
      },
      { timeout: 4000, interval: 100 },
    );
  });

  it('may be switched off', async () => {
    await at.start({ metrics: { enabled: false, public: false } });
    expect((await fetch(`${at.url}/metrics`)).status).toBe(404);
  });
});

describe('a mounted server', () => {
  it('answers below its path, takes bodies that were parsed before, and waits for what was begun', async () => {
    const zooid = createServer({ kernel });
    const app = express();
    app.use(express.json());
    app.use('/nlp', zooid.mount());
    const http = app.listen(0, '127.0.0.1');
    await once(http, 'listening');
    at.url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
    const path = '/nlp/v1/apps/echo';
    const reply = await at.post(undefined, { 'x-request-id': 'mounted' }, path);
    expect([reply.status, reply.headers.get('x-request-id')]).toEqual([200, 'mounted']);
    expect(await codeOf(await at.post({ inputs: '' }, {}, path), 422)).toBe('VALIDATION_FAILED');
    expect(await codeOf(await fetch(at.url + path, { method: 'POST' }), 415)).toBe('UNSUPPORTED_MEDIA_TYPE');
    expect((await fetch(`${at.url}/nlp/readyz`)).status).toBe(200);
    expect((await fetch(`${at.url}/elsewhere`)).status).toBe(404);
    const begun = at.post({ inputs: 'a', parameters: { delayMs: 2000 } }, {}, path);
    await expect.poll(() => state.running, { timeout: 10_000 }).toBe(1);
    const closed = zooid.close();
    expect(await codeOf(await at.post(undefined, {}, path), 503)).toBe('DRAINING');
    await closed;
    expect((await begun).status).toBe(200);
    http.closeAllConnections();
    http.close();
  });
});
