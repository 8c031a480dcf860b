import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TokenRun, TokenStore } from './token-store.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-store-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const runOf = (ids: number[], starts: number[]): TokenRun => ({
  ids: Int32Array.from(ids),
  starts: Uint8Array.from(starts),
});
async function* runsOf(...runs: TokenRun[]) {
  yield* runs;
}

describe('TokenStore', () => {
  it('gives back what was written, with a separator after every text', async () => {
    const path = join(folder, 'a');
    using store = await TokenStore.write(path, 'd', runsOf(runOf([7, 8, 9], [1, 0, 1]), runOf([11], [0])), 3);
    expect(store.length).toBe(6);
    const { ids, starts } = store.read(0, 6);
    expect([...ids]).toEqual([7, 8, 9, 3, 11, 3]);
    expect([...starts]).toEqual([1, 0, 1, 1, 0, 1]);
    expect([...store.read(2, 2).ids]).toEqual([9, 3]);
    expect(() => store.read(5, 2)).toThrow('not all in a store of 6');
  });

  it('holds texts longer than what is written at a time', async () => {
    const long = Int32Array.from({ length: 300_000 }, (_, i) => i % 50_000);
    const run = { ids: long, starts: new Uint8Array(long.length).fill(1) };
    using store = await TokenStore.write(join(folder, 'b'), 'd', runsOf(run, run), 3);
    expect(store.length).toBe(600_002);
    expect([...store.read(262_140, 8).ids]).toEqual([...long.subarray(262_140, 262_148)]);
    expect([...store.read(299_999, 3).ids]).toEqual([49_999, 3, 0]);
  });

  it('is opened again by its digest only, and never half written', async () => {
    const path = join(folder, 'c');
    (await TokenStore.write(path, 'one', runsOf(runOf([5], [1])), 3))[Symbol.dispose]();
    using store = await TokenStore.open(path, 'one');
    expect(store?.length).toBe(2);
    expect(await TokenStore.open(path, 'other')).toBeUndefined();
    async function* failing() {
      yield runOf([6], [1]);
      throw new Error('the disk is full');
    }
    await expect(TokenStore.write(path, 'two', failing(), 3)).rejects.toThrow('the disk is full');
    expect(await TokenStore.open(path, 'two')).toBeUndefined();
  });

  it('is not opened where there is none', async () => {
    await writeFile(join(folder, 'd'), 'no head');
    expect(await TokenStore.open(join(folder, 'd'), 'x')).toBeUndefined();
  });
});
