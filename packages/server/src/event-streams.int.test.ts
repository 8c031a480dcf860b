import type { Kernel } from '@zooid/kernel';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type EchoState, echoKernel } from './__fixtures__/echo.js';
import { eventsOf } from './__fixtures__/event-reader.js';
import { codeOf, Listening } from './__fixtures__/listening.js';

let kernel: Kernel;
let state: EchoState;
let at: Listening;
beforeAll(async () => {
  ({ kernel, state } = await echoKernel());
  at = new Listening(kernel);
});
afterEach(() => at[Symbol.asyncDispose]());
afterAll(() => kernel[Symbol.asyncDispose]());

const accept = { accept: 'text/event-stream' };
const model = { id: 'fake-model', revision: 'fake-model-1' };

describe('POST /v1/apps/{name} for text/event-stream', () => {
  it('tells of each item as it is answered, and of the model at the end', async () => {
    await at.start();
    const inputs = ['a', { text: 'b' }, 'c'];
    const reply = await at.post({ inputs, parameters: { times: 2 } }, accept);
    expect([reply.status, reply.headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8']);
    expect(reply.headers.get('x-request-id')).not.toBeNull();
    const events = await eventsOf(reply);
    expect(events.pop()).toEqual({ event: 'done', data: { model } });
    const outputs = events.map(({ data }) => data as { index: number; output: { echo: string } });
    expect(outputs.sort((a, b) => a.index - b.index)).toEqual([
      { index: 0, output: { echo: 'aa', length: 1 } },
      { index: 1, output: { echo: 'bb', length: 1 } },
      { index: 2, output: { echo: 'cc', length: 1 } },
    ]);
    expect((await eventsOf(await at.post({ inputs: 'one' }, accept))).map(({ event }) => event)).toEqual([
      'output',
      'done',
    ]);
  });

  it.each([
    ['text/event-stream;q=0.5, application/json;q=0.1', 'text/event-stream'],
    ['application/json', 'application/json'],
    ['*/*', 'application/json'],
    ['text/event-stream;q=0', 'application/json'],
    ['text/event-streams', 'application/json'],
  ])('answers Accept: %s with %s', async (wanted, got) => {
    await at.start();
    const reply = await at.post(undefined, { accept: wanted });
    expect(reply.headers.get('content-type')).toContain(got);
    await reply.text();
  });

  it('refuses with a status what can be refused before it begins', async () => {
    await at.start({ maxConcurrent: 1, maxQueued: 0 });
    const invalid = await at.post({ inputs: ['a', ''] }, accept);
    expect(await invalid.json()).toMatchObject({ status: 422, errors: [{ pointer: '/inputs/1' }] });
    expect(await codeOf(await at.post(undefined, accept, '/v1/apps/nobody'), 404)).toBe('NAME_UNKNOWN');
    expect(await codeOf(await at.post({ inputs: 'a', parameters: { fail: true } }, accept), 500)).toBe('INTERNAL');
    const busy = at.post({ inputs: 'a', parameters: { delayMs: 300 } });
    await expect.poll(() => state.running).toBe(1);
    expect(await codeOf(await at.post(undefined, accept), 429)).toBe('OVERLOADED');
    await busy;
  });

  it('tells of what fails later by an event, in the form of the route, and ends', async () => {
    await at.start();
    const events = await eventsOf(await at.post({ inputs: ['a', 'fails late', 'c'] }, accept));
    expect(events.map(({ event }) => event)).toEqual(['output', 'output', 'error']);
    expect(events[2]!.data).toMatchObject({ status: 500, code: 'INTERNAL', title: 'Internal Server Error' });
    expect(JSON.stringify(events)).not.toContain('secret');
    await expect.poll(() => at.entries().find(({ code }) => code === 'INTERNAL')).toBeDefined();
  });

  it('tells of a deadline that passes, and aborts the rest', async () => {
    await at.start({ deadlineMs: 150 });
    const before = state.aborted;
    const events = await eventsOf(await at.post({ inputs: ['a', 'never'] }, accept));
    expect(events.map(({ event, data }) => [event, (data as { code?: string }).code])).toEqual([
      ['output', undefined],
      ['error', 'DEADLINE_EXCEEDED'],
    ]);
    await expect.poll(() => state.aborted).toBe(before + 1);
  });

  it('is finished before the server closes', async () => {
    await at.start();
    const reply = await at.post({ inputs: Array(5).fill('a'), parameters: { delayMs: 100 } }, accept);
    const [events] = await Promise.all([eventsOf(reply), at[Symbol.asyncDispose]()]);
    expect(events.at(-1)).toMatchObject({ event: 'done' });
  });

  it('forgets a hundred readers that vanish: work, places and listeners are back to the start', async () => {
    const sockets = socketCount();
    const aborted = state.aborted;
    await at.start({ maxConcurrent: 200 });
    const vanish = async (inputs: string[]) => {
      const gone = new AbortController();
      const headers = { 'content-type': 'application/json', ...accept };
      const init = { method: 'POST', headers, body: JSON.stringify({ inputs }), signal: gone.signal };
      const reply = fetch(`${at.url}/v1/apps/echo`, init);
      if (inputs.includes('a')) await (await reply).body!.getReader().read();
      else await expect.poll(() => state.running).toBeGreaterThan(0);
      gone.abort();
      await reply.catch(() => {});
    };
    // Half of them leave in the middle, the others before there is anything to read.
    const readers = Array.from({ length: 100 }, (_, i) => vanish(i % 2 === 0 ? ['a', 'never', 'never'] : ['never']));
    await Promise.all(readers);
    await expect.poll(() => state.running, { timeout: 10_000 }).toBe(0);
    const metrics = await (await fetch(`${at.url}/metrics`)).text();
    expect(metrics).toMatch(/^zooid_requests_running 0$/m);
    expect(metrics).toMatch(/^zooid_requests_queued 0$/m);
    expect(metrics).toMatch(/^zooid_http_requests_in_flight 1$/m);
    expect(state.aborted - aborted).toBeGreaterThanOrEqual(100);
    await at[Symbol.asyncDispose]();
    // fetch keeps a few connections of its own for a while
    await expect.poll(socketCount, { timeout: 10_000 }).toBeLessThanOrEqual(sockets);
  });
});

/** Connections and listening sockets of this process that are open. */
const socketCount = () => process.getActiveResourcesInfo().filter((name) => /TCP(Socket|Server)/.test(name)).length;
