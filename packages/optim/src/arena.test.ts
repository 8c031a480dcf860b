import { describe, expect, it } from 'vitest';
import { allocateArena, planArena } from './arena.js';

const entry = (name: string, size: number, trainable = true) => ({ name, size, trainable });

describe('planArena', () => {
  it('fills memories in order and keeps the arrays of one parameter together', () => {
    const plan = planArena([entry('a', 16), entry('b', 17), entry('c', 16, false), entry('d', 1)], 200);
    expect(plan).toEqual([
      { names: ['a', 'b'], elements: 64 + 128 },
      { names: ['c', 'd'], elements: 16 + 64 },
    ]);
  });

  it('names a parameter that fits no memory', () => {
    expect(() => planArena([entry('embeddings', 51)], 200)).toThrow(/'embeddings' needs 256 elements.*holds 200/);
  });
});

describe.each(['wasm', 'plain'] as const)('allocateArena, %s', (kernels) => {
  it('gives every array its own zeroed, aligned place over several memories', () => {
    const slots = allocateArena([entry('a', 10), entry('b', 20, false), entry('c', 30)], { kernels, capacity: 130 });
    expect(new Set([...slots.values()].map(({ memory }) => memory.buffer)).size).toBe(2);
    const views = [...slots.values()].flatMap(({ memory, size, p, state }) =>
      [p, ...(state === undefined ? [] : [state.g, state.m, state.v])].map((offset) => {
        expect(offset % 64).toBe(0);
        return memory.view(offset, size);
      }),
    );
    expect(views).toHaveLength(9);
    views.forEach((view, i) => {
      expect(view.every((x) => x === 0)).toBe(true);
      view.fill(i + 1);
    });
    views.forEach((view, i) => {
      expect(view.every((x) => x === i + 1)).toBe(true);
    });
    expect(slots.get('b')!.state).toBeUndefined();
  });
});
