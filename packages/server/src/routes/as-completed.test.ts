import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { asCompleted, type Completed } from './as-completed.js';

/** Calls whose ends a test decides. */
class Calls {
  readonly begun: number[] = [];
  private readonly ends = new Map<number, { resolve: (value: string) => void; reject: (error: Error) => void }>();

  readonly run = (index: number): Promise<string> => {
    this.begun.push(index);
    return new Promise((resolve, reject) => this.ends.set(index, { resolve, reject }));
  };

  end(index: number): void {
    this.ends.get(index)!.resolve(`${index}`);
  }

  fail(index: number): void {
    this.ends.get(index)!.reject(new Error(`${index} failed`));
  }
}

const value = ({ value }: IteratorResult<Completed<string>, void>) => value?.value;

describe('asCompleted', () => {
  it('yields in the order of completion, and begins no more than are taken', async () => {
    const calls = new Calls();
    const results = asCompleted(4, calls.run, 2);
    const first = results.next();
    await sleep(0);
    expect(calls.begun).toEqual([0, 1]);
    calls.end(1);
    expect(value(await first)).toBe('1');
    const second = results.next();
    await sleep(0);
    expect(calls.begun).toEqual([0, 1, 2]);
    calls.end(0);
    calls.end(2);
    expect(value(await second)).toBe('0');
    await sleep(0);
    expect(calls.begun).toEqual([0, 1, 2]); // one waits to be taken, and one was just
    expect(value(await results.next())).toBe('2');
    const last = results.next();
    calls.end(3);
    expect(value(await last)).toBe('3');
    expect(await results.next()).toEqual({ done: true, value: undefined });
  });

  it('throws the first failure after what was ready, once nothing is under way', async () => {
    const calls = new Calls();
    const results = asCompleted(3, calls.run, 2);
    const first = results.next();
    calls.fail(0);
    let isOver = false;
    const failed = first.catch((error: Error) => error.message).finally(() => (isOver = true));
    await sleep(5);
    expect([isOver, calls.begun]).toEqual([false, [0, 1]]);
    calls.fail(1);
    expect(await failed).toBe('0 failed');
    expect(calls.begun).toEqual([0, 1]);
  });

  it('has nothing to say about nothing', async () => {
    expect(await asCompleted(0, async () => 1, 5).next()).toEqual({ done: true, value: undefined });
  });
});
