import { describe, expect, it } from 'vitest';
import { type Connection, ConnectionAbort } from './connection-abort.js';

describe('ConnectionAbort', () => {
  it('lends one signal to the requests of a connection in turn, and to no two at a time', () => {
    const connection: Connection = {};
    const first = new ConnectionAbort(connection);
    const pipelined = new ConnectionAbort(connection);
    expect(pipelined.signal).not.toBe(first.signal);
    pipelined.abort();
    expect(first.signal.aborted).toBe(false);
    const { signal } = first;
    first.release();
    expect(new ConnectionAbort(connection).signal).toBe(signal);
    expect(new ConnectionAbort({}).signal).not.toBe(signal);
  });

  it('lends nothing that was aborted', () => {
    const connection: Connection = {};
    const first = new ConnectionAbort(connection);
    first.abort();
    first.release();
    expect(new ConnectionAbort(connection).signal.aborted).toBe(false);
  });

  it('gives a signal up after a hundred requests', () => {
    const connection: Connection = {};
    const seen = new Set<AbortSignal>();
    for (let i = 0; i < 250; i++) {
      const lent = new ConnectionAbort(connection);
      seen.add(lent.signal);
      lent.release();
    }
    expect(seen.size).toBe(3);
  });
});
