import { describe, expect, it } from 'vitest';
import { DueQueue, type WaitingRow } from './due-queue.js';
import { seeded } from './simulation.fixture.js';

describe.each([1, 2, 3, 4, 5])('a queue by effective arrival, random run %i', (seed) => {
  it('has the row in front that is due first, whichever leave it', () => {
    const random = seeded(seed);
    const queue = new DueQueue<WaitingRow>();
    const inside: WaitingRow[] = [];
    for (let sequence = 0; sequence < 2000; sequence++) {
      const row = { length: 1, due: Math.floor(random() * 50), sequence, place: -1 };
      queue.add(row);
      inside.push(row);
      // It grows for a while and shrinks for a while.
      for (let leave = random() < (sequence % 400 < 200 ? 0.3 : 0.9) ? 2 : 0; leave > 0 && inside.length > 0; leave--) {
        const [gone] = inside.splice(Math.floor(random() * inside.length), 1);
        queue.remove(gone!);
        expect(gone!.place).toBe(-1);
      }
      const first = inside.toSorted((a, b) => a.due - b.due || a.sequence - b.sequence)[0];
      expect(queue.first).toBe(first);
      expect(queue.size).toBe(inside.length);
    }
  });
});
