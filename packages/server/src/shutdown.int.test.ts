import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type EchoState, echoKernel } from './__fixtures__/echo.js';
import { ServerConfig } from './config.js';
import { createServer, type ZooidServer } from './server.js';

let kernel: Kernel;
let state: EchoState;

beforeAll(async () => {
  ({ kernel, state } = await echoKernel());
});
afterAll(() => kernel[Symbol.asyncDispose]());

async function listening(overrides: Partial<ServerConfig> = {}): Promise<{ server: ZooidServer; url: string }> {
  const server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0, ...overrides }) });
  const { url } = await server.listen();
  return { server, url };
}

const call = (url: string, delayMs: number) =>
  fetch(`${url}/v1/apps/echo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ inputs: 'a', parameters: { delayMs } }),
  });

describe('a server', () => {
  it('is ready once it listens, on the loopback address by default', async () => {
    const server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
    expect(server.state).toBe('starting');
    const { url, host } = await server.listen();
    expect(host).toBe('127.0.0.1');
    for (const probe of ['livez', 'startupz', 'readyz']) {
      const reply = await fetch(`${url}/${probe}`);
      expect([reply.status, await reply.json()]).toEqual([200, { status: 'ready' }]);
    }
    await server.close();
  });

  it('finishes what it has begun before it closes, and refuses connections meanwhile', async () => {
    const { server, url } = await listening();
    const begun = call(url, 200);
    await expect.poll(() => state.running).toBe(1);
    const closed = server.close();
    expect(server.state).toBe('draining');
    await expect(fetch(`${url}/livez`)).rejects.toThrow();
    expect((await begun).status).toBe(200);
    await closed;
    await server.close();
  });

  it('cuts and aborts what does not finish in time', async () => {
    const { server, url } = await listening({ drainTimeoutMs: 50 });
    const before = state.aborted;
    const begun = call(url, 30_000);
    const failed = expect(begun).rejects.toThrow();
    await expect.poll(() => state.running).toBe(1);
    await server.close();
    await failed;
    await expect.poll(() => state.aborted).toBe(before + 1);
  });

  it('answers 503 with Retry-After to what still arrives while it drains, and ends kept connections', async () => {
    const { server, url } = await listening();
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let received = '';
    socket.setEncoding('utf8').on('data', (text) => {
      received += text;
    });
    const body = JSON.stringify({ inputs: 'a', parameters: { delayMs: 100 } });
    socket.write(
      `POST /v1/apps/echo HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`,
    );
    await sleep(20); // the request has begun when the shutdown starts, but only its head is here
    const closed = server.close();
    socket.write(body);
    await closed;
    await expect.poll(() => received).toMatch(/^HTTP\/1.1 (200|503) /);
    expect(received).toMatch(/connection: close/i);

    const late = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
    const { url: lateUrl } = await late.listen();
    const slow = call(lateUrl, 100);
    await expect.poll(() => state.running).toBe(1);
    void late.close();
    // The listening socket is gone, so the state is asked of Express itself.
    const probe = createHttpServer(late.app).listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    const probeUrl = `http://127.0.0.1:${(probe.address() as AddressInfo).port}`;
    expect((await fetch(`${probeUrl}/readyz`)).status).toBe(503);
    expect((await fetch(`${probeUrl}/livez`)).status).toBe(200);
    const refused = await call(probeUrl, 0);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '5']);
    expect((await slow).status).toBe(200);
    probe.closeAllConnections();
    probe.close();
  });

  it('rejects listen() when the port is taken', async () => {
    const { server, url } = await listening();
    const second = createServer({
      kernel,
      config: Object.assign(new ServerConfig(), { port: Number(new URL(url).port) }),
    });
    await expect(second.listen()).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await server.close();
  });

  it('answers 429 with Retry-After when the queue is full, and lets the queue move on', async () => {
    const { server, url } = await listening({ maxConcurrent: 1, maxQueued: 1 });
    const first = call(url, 150);
    await expect.poll(() => state.running).toBe(1);
    const second = call(url, 0);
    await sleep(50);
    const third = await call(url, 0);
    expect(third.status).toBe(429);
    expect(third.headers.get('retry-after')).toBe('1');
    expect(await third.json()).toMatchObject({ code: 'OVERLOADED' });
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect((await call(url, 0)).status).toBe(200);
    await server.close();
  });
});
