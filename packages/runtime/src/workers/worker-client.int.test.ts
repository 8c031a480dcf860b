import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SessionError } from '../errors.js';
import type { Isolation } from './worker-channel.js';
import { WorkerClient } from './worker-client.js';
import { workerUrl } from './worker-url.js';

const clients: WorkerClient[] = [];

let isolation: Isolation = 'thread';

function start(): WorkerClient {
  const client = new WorkerClient(workerUrl(import.meta.url, '__fixtures__/fragile-worker.js'), 'fragile', isolation);
  clients.push(client);
  return client;
}

afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.dispose()));
});

describe.each(['thread', 'process'] as const)('WorkerClient of a %s', (kind) => {
  beforeAll(() => {
    isolation = kind;
  });

  it('answers in the order of the calls', async () => {
    const client = start();
    const order: string[] = [];
    await Promise.all([
      client.call('delay', 30).then(() => order.push('slow')),
      client.call('echo', 1).then(() => order.push('fast')),
    ]);
    expect(order).toEqual(['slow', 'fast']);
  });

  it('moves buffers that it was told to move', async () => {
    const data = Float32Array.of(1, 2, 3);
    const answer = await start().call<Float32Array>('echo', data, [data.buffer]);
    expect([...answer]).toEqual([1, 2, 3]);
    expect(data.length).toBe(kind === 'thread' ? 0 : 3);
  });

  it('rebuilds an error with its program and its cause', async () => {
    const client = start();
    const error = await client.call('fail', 'no such tensor').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SessionError);
    expect(error).toMatchObject({ code: 'SESSION_FAILED', message: 'no such tensor', program: 'toy' });
    expect((error as SessionError).cause).toMatchObject({ message: 'no such tensor' });
    expect(await client.call('echo', 'still here')).toBe('still here');
  });

  it('reports an answer that cannot be sent and an unknown method', async () => {
    const client = start();
    await expect(client.call('unanswerable', undefined)).rejects.toThrow(/could not be cloned/);
    await expect(client.call('nonsense', undefined)).rejects.toThrow(/Unknown method 'nonsense'/);
  });

  it('rejects what is pending when the worker crashes, and everything after', async () => {
    const client = start();
    const crash = client.call('crash', 'out of luck');
    const waiting = client.call('echo', 1);
    await expect(crash).rejects.toMatchObject({
      code: 'SESSION_FAILED',
      message: expect.stringContaining('out of luck'),
    });
    await expect(waiting).rejects.toBeInstanceOf(SessionError);
    await client.exited;
    expect(client.alive).toBe(false);
    await expect(client.call('echo', 1)).rejects.toThrow(/died/);
  });

  it('is given up at once when told to, with its disposal, and gone when it can', async () => {
    const client = start();
    const listeners = process.listenerCount('exit');
    const stuck = client.call('block', 500);
    const disposal = client.dispose();
    client.abandon(new SessionError('too slow'));
    expect(process.listenerCount('exit')).toBe(listeners + (kind === 'thread' ? 1 : 0));
    await expect(stuck).rejects.toThrow('too slow');
    await disposal;
    await expect(client.call('echo', 1)).rejects.toThrow('too slow');
    expect(client.failed).toMatchObject({ message: 'too slow' });
    await client.exited;
    expect(process.listenerCount('exit')).toBe(listeners);
  });

  it('rejects what is pending when the worker ends', async () => {
    const client = start();
    await expect(client.call('exit', 3)).rejects.toThrow(/ended with code 3/);
  });

  it('answers what was asked before the disposal, refuses what comes after, and lets the thread end', async () => {
    const client = start();
    const slow = client.call('delay', 50);
    const disposal = client.dispose();
    await expect(client.call('echo', 1)).rejects.toThrow(/disposed/);
    expect(await slow).toBe(50);
    await disposal;
    await client.exited;
    expect(client.dispose()).toBe(disposal);
  });
});
