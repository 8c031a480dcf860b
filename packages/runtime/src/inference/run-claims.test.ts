import { describe, expect, it } from 'vitest';
import { RunClaims } from './run-claims.js';

describe('RunClaims', () => {
  /** Two views of the same memory, as pool and worker have them. */
  const both = () => {
    const pool = RunClaims.create(2);
    return { pool, worker: new RunClaims(pool.memory) };
  };

  it('give a run to the worker that begins it, and then to nobody else', () => {
    const { pool, worker } = both();
    const place = pool.post();
    expect(worker.begin(place)).toBe(true);
    expect(pool.withdraw(place)).toBe(false);
    expect(worker.begin(place)).toBe(false);
  });

  it('give a run back that has not begun, so that it never does', () => {
    const { pool, worker } = both();
    const place = pool.post();
    expect(pool.withdraw(place)).toBe(true);
    expect(worker.begin(place)).toBe(false);
    expect(pool.withdraw(place)).toBe(false);
  });

  it('keep a place until the worker has answered, also for a run that was withdrawn', () => {
    const { pool } = both();
    const places = [pool.post(), pool.post()];
    expect(places).toEqual([0, 1]);
    pool.withdraw(0);
    expect(() => pool.post()).toThrow(RangeError);
    pool.free(0);
    expect(pool.post()).toBe(0);
  });
});
