import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { EventReader } from '../__fixtures__/event-reader.js';
import type { ServerEvent } from './server-event.js';
import { writeEvents } from './write-events.js';

let http: Server;
afterEach(() => {
  http.closeAllConnections();
  http.close();
});

/** Serves one stream; its signal fires when the reader leaves. */
async function serve(events: (signal: AbortSignal) => AsyncIterable<ServerEvent>, heartbeatMs = 60_000) {
  const outcome: { whole?: boolean; error?: unknown; response?: ServerResponse } = {};
  http = createServer((_request, response) => {
    const gone = new AbortController();
    response.on('close', () => gone.abort());
    outcome.response = response;
    const begin = () => void response.writeHead(200, { 'content-type': 'text/event-stream' });
    writeEvents(response, events(gone.signal), { begin, signal: gone.signal, heartbeatMs }).then(
      (whole) => {
        outcome.whole = whole;
        if (whole) response.end();
      },
      (error: unknown) => {
        outcome.error = error;
        response.destroy();
      },
    );
  });
  http.listen(0, '127.0.0.1');
  await once(http, 'listening');
  return { url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`, outcome };
}

describe('writeEvents', () => {
  it('sends what an EventSource reads back, with ids and the time to come back', async () => {
    const { url, outcome } = await serve(async function* () {
      yield { retry: 2500, data: 'first' };
      yield { event: 'output', id: '2', data: { text: '说\n不' } };
    });
    const reader = new EventReader();
    const received = [];
    for await (const chunk of (await fetch(url)).body!) received.push(...reader.read(chunk));
    expect(received).toEqual([
      { event: 'message', data: '"first"', lastEventId: '' },
      { event: 'output', data: '{"text":"说\\n不"}', lastEventId: '2' },
    ]);
    expect([reader.retry, outcome.whole]).toEqual([2500, true]);
  });

  it('breaks long silences with comments', async () => {
    const { url } = await serve(async function* (signal) {
      yield { data: 1 };
      await sleep(10_000, undefined, { signal }).catch(() => {});
    }, 10);
    const reader = new EventReader();
    for await (const chunk of (await fetch(url)).body!) {
      reader.read(chunk);
      if (reader.comments.length >= 3) break; // or the test runs out of time
    }
  });

  it('asks for no more than its reader takes', async () => {
    let produced = 0;
    const { url, outcome } = await serve(async function* () {
      for (; produced < 10_000; produced++) yield { data: 'x'.repeat(10_000) };
    });
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.pause().write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    let last = -1;
    await expect
      .poll(
        () => {
          const isStill = produced > 0 && produced === last;
          last = produced;
          return isStill;
        },
        { interval: 100, timeout: 20_000 },
      )
      .toBe(true);
    expect(produced).toBeLessThan(5000); // of 100 MB, what the sockets of both sides hold
    expect(outcome.response!.writableLength).toBeLessThan(100_000);
    socket.destroy();
    await expect.poll(() => outcome.whole).toBe(false);
  });

  it('ends a producer at once when its reader leaves, also one that is waiting', async () => {
    let isEnded = false;
    let isWaiting = false;
    const { url, outcome } = await serve((signal) => ({
      async *[Symbol.asyncIterator]() {
        try {
          yield { data: 1 };
          isWaiting = true;
          await sleep(60_000, undefined, { signal });
        } finally {
          isEnded = true;
        }
      },
    }));
    const gone = new AbortController();
    const reply = await fetch(url, { signal: gone.signal });
    await expect.poll(() => isWaiting).toBe(true);
    gone.abort();
    await expect.poll(() => [isEnded, outcome.whole]).toEqual([true, false]);
    await expect(reply.text()).rejects.toThrow();
  });

  it('passes on what the producer throws, before its first event and after', async () => {
    const broken = new Error('broken');
    const { url, outcome } = await serve(async function* () {
      yield { data: 1 };
      throw broken;
    });
    await expect(fetch(url).then((reply) => reply.text())).rejects.toThrow();
    await expect.poll(() => outcome.error).toBe(broken);
  });
});
