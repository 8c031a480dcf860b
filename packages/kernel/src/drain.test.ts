import { describe, expect, it } from 'vitest';
import { abortable, Drain } from './drain.js';

describe('Drain', () => {
  const counted = () => {
    let releases = 0;
    const drain = new Drain(async () => void releases++);
    return { drain, releases: () => releases };
  };

  it('releases at once when nothing uses the resource', async () => {
    const { drain, releases } = counted();
    await drain.retire();
    expect(releases()).toBe(1);
    expect(drain.isReleased).toBe(true);
  });

  it('waits for the last use, and releases once however often it is retired', async () => {
    const { drain, releases } = counted();
    const [first, second] = [drain.enter(), drain.enter()];
    const retired = [drain.retire(), drain.retire()];
    first();
    first(); // leaving twice must not count twice
    expect(releases()).toBe(0);
    second();
    await Promise.all(retired);
    expect(releases()).toBe(1);
  });

  it('stays while it is not retired', () => {
    const { drain, releases } = counted();
    drain.enter()();
    expect([releases(), drain.uses]).toEqual([0, 0]);
  });

  it('tells whoever retires that the release failed, and nobody else', async () => {
    const drain = new Drain(() => Promise.reject(new Error('stuck')));
    await expect(drain.retire()).rejects.toThrow('stuck');
  });
});

describe('abortable', () => {
  it('gives the result when nobody aborts, and leaves no listener', async () => {
    const controller = new AbortController();
    await expect(abortable(Promise.resolve(1), controller.signal)).resolves.toBe(1);
    controller.abort();
    await expect(abortable(Promise.resolve(1), undefined)).resolves.toBe(1);
  });

  it('rejects at once when the signal fires, with its reason as cause', async () => {
    const controller = new AbortController();
    const waiting = abortable(new Promise(() => {}), controller.signal);
    controller.abort('too slow');
    await expect(waiting).rejects.toMatchObject({ code: 'ABORTED', cause: 'too slow' });
    await expect(abortable(Promise.resolve(1), controller.signal)).rejects.toMatchObject({ code: 'ABORTED' });
  });
});
