import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Outbox } from './outbox.js';

describe('Outbox', () => {
  const recorder = () => {
    const written: number[] = [];
    const outbox = new Outbox();
    const add = (number: number) => outbox.add({ write: () => void written.push(number) });
    return { written, add };
  };

  it('writes what a turn of the event loop gathered at its end, in order', async () => {
    const { written, add } = recorder();
    add(1);
    await Promise.resolve().then(() => add(2));
    process.nextTick(add, 3);
    await new Promise((resolve) => process.nextTick(resolve));
    expect(written).toEqual([]);
    await nextTurn();
    expect(written).toEqual([1, 2, 3]);
    add(4);
    await nextTurn();
    expect(written).toEqual([1, 2, 3, 4]);
  });

  it('lets no more than 32 wait for one another', async () => {
    const { written, add } = recorder();
    for (let number = 1; number <= 34; number++) add(number);
    expect(written).toHaveLength(32);
    await nextTurn();
    expect(written).toEqual(Array.from({ length: 34 }, (_, i) => i + 1));
  });

  it('keeps for the next turn what is added while it writes', async () => {
    const written: number[] = [];
    const outbox = new Outbox();
    const later = { write: () => void written.push(2) };
    outbox.add({ write: () => outbox.add(later) });
    outbox.add({ write: () => void written.push(1) });
    await nextTurn();
    expect(written).toEqual([1]);
    await nextTurn();
    expect(written).toEqual([1, 2]);
  });
});
