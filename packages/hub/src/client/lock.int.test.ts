import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AbortError } from '@zooid/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock, isLocked, tryLock } from './lock.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-lock-'));
  path = join(folder, 'locks/x.lock');
});
afterEach(() => rm(folder, { recursive: true }));

/** A lock that somebody else left. */
async function leave(holder: object | string): Promise<void> {
  await mkdir(join(folder, 'locks'), { recursive: true });
  await writeFile(path, typeof holder === 'string' ? holder : JSON.stringify(holder));
}

/** Who we are, as a lock of ours tells. */
async function ourPlace(): Promise<string> {
  await using _ = await acquireLock(path);
  return (JSON.parse(await readFile(path, 'utf8')) as { place: string }).place;
}

/** No process has it: Linux ends at 2²², others before. */
const deadPid = 2 ** 22 + 1;

describe('a lock', () => {
  it('is held by one at a time, and leaves nothing behind', async () => {
    let inside = 0;
    let most = 0;
    await Promise.all(
      Array.from({ length: 8 }, async () => {
        await using _ = await acquireLock(path);
        most = Math.max(most, ++inside);
        await sleep(2);
        inside--;
      }),
    );
    expect(most).toBe(1);
    expect(await readdir(join(folder, 'locks'))).toEqual([]);
  });

  it('tells who holds it, once', async () => {
    const first = await acquireLock(path);
    const told: string[] = [];
    const second = acquireLock(path, { onWait: (holder) => told.push(holder) });
    await sleep(250);
    expect(await isLocked(path)).toBe(true);
    await first[Symbol.asyncDispose]();
    await (await second)[Symbol.asyncDispose]();
    expect(told).toEqual([`process ${process.pid}`]);
    expect(await isLocked(path)).toBe(false);
  });

  it('of a dead process is taken over at once, by one of many', async () => {
    await leave({ token: 'a', pid: deadPid, place: await ourPlace() });
    expect(await isLocked(path)).toBe(false);
    let inside = 0;
    let most = 0;
    const locks = Array.from({ length: 8 }, async () => {
      await using lock = await acquireLock(path);
      most = Math.max(most, ++inside);
      await sleep(2);
      inside--;
      return lock.afterSilence;
    });
    expect(await Promise.all(locks)).toEqual(Array(8).fill(false));
    expect(most).toBe(1);
  });

  it.each([[{ token: 'a', pid: deadPid, place: 'another machine' }], ['{"half']])(
    'of %j is taken over after a silence, and says so',
    async (holder) => {
      await leave(holder);
      await using lock = await acquireLock(path, { silenceMs: 150 });
      expect(lock.afterSilence).toBe(true);
    },
  );

  it('of another machine is respected as long as it shows life', async () => {
    await leave({ token: 'a', pid: deadPid, place: 'another machine' });
    let beats = 0;
    const beat = setInterval(() => {
      beats++;
      void utimes(path, new Date(), new Date(beats * 1000)).catch(() => {});
    }, 20);
    const waiting = acquireLock(path, { silenceMs: 2000, signal: AbortSignal.timeout(2600) });
    await expect(waiting).rejects.toBeInstanceOf(AbortError);
    clearInterval(beat);
  });

  it('shows life while it is held', async () => {
    await using _ = await acquireLock(path, { heartbeatMs: 10 });
    const before = (await stat(path)).mtimeMs;
    await expect.poll(async () => (await stat(path)).mtimeMs).toBeGreaterThan(before);
  });

  it('that was taken over is not released by its former holder', async () => {
    const former = await acquireLock(path);
    await leave({ token: 'new', pid: process.pid, place: 'here' });
    await former[Symbol.asyncDispose]();
    expect(await readFile(path, 'utf8')).toContain('new');
  });

  it('can be tried without waiting', async () => {
    const held = await tryLock(path);
    expect(held).toBeDefined();
    expect(await tryLock(path)).toBeUndefined();
    await held![Symbol.asyncDispose]();
    await (await tryLock(path))![Symbol.asyncDispose]();
  });

  it('that broke off while it was taken away does not stay so for ever', async () => {
    await leave({ token: 'a', pid: deadPid, place: await ourPlace() });
    await mkdir(`${path}.steal`);
    await utimes(`${path}.steal`, new Date(0), new Date(0));
    await using lock = await acquireLock(path);
    expect(lock.afterSilence).toBe(false);
    await expect(stat(`${path}.steal`)).rejects.toThrow('ENOENT');
  });
});
