import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, readlink, rm, rmdir, stat, utimes } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { AbortError } from '@zooid/common';
import { pause } from './retry.js';

/** Who holds a lock; the content of its file. */
interface Holder {
  /** Unique per acquisition. */
  readonly token: string;
  readonly pid: number;
  /** Machine and, in containers, the world in which `pid` means something. */
  readonly place: string;
}

export interface LockOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called once when another process holds the lock. */
  readonly onWait?: (holder: string) => void;
  /** How often a live holder shows that it lives. */
  readonly heartbeatMs?: number;
  /** A holder that we cannot ask for its process and that shows no life for this long is taken for dead. */
  readonly silenceMs?: number;
}

/** Held until disposed of. */
export interface Lock extends AsyncDisposable {
  /**
   * The holder before us was taken for dead only because it was silent, so it may still write: whatever it was writing must
   * not be gone on with.
   */
  readonly afterSilence: boolean;
}

const pollMs = 100;
/** Taking a dead lock away takes a moment; whoever needs longer has died over it. */
const stealMs = 10_000;

/**
 * Waits until no other process holds the lock `path`, and takes it. Node has no `flock`, so the lock is a file that only one
 * process can create. A holder touches it while it lives; the lock of one that died is taken over, at once when it
 * was a process of this machine, after `silenceMs` otherwise.
 *
 * @throws AbortError when `signal` fires while waiting.
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  const { signal, onWait, heartbeatMs = 5000, silenceMs = 60_000 } = options;
  await mkdir(dirname(path), { recursive: true });
  const self: Holder = { token: randomBytes(12).toString('hex'), pid: process.pid, place: await place() };
  const watch = new Watch(silenceMs);
  let told = false;
  let afterSilence = false;
  for (;;) {
    AbortError.throwIfAborted(signal);
    if (await create(path, self)) break;
    const verdict = await watch.judge(path, self.place);
    if (verdict.state === 'alive') {
      if (!told) onWait?.(verdict.holder);
      told = true;
      await pause(pollMs, signal);
    } else if (verdict.state === 'dead' || verdict.state === 'silent') {
      if (await removeDead(path, verdict.content)) afterSilence ||= verdict.state === 'silent';
    }
  }
  return hold(path, self, heartbeatMs, afterSilence);
}

/** Takes the lock when nobody holds it; `undefined` when someone does. */
export async function tryLock(path: string): Promise<Lock | undefined> {
  const busy = new AbortController();
  try {
    return await acquireLock(path, { signal: busy.signal, onWait: () => busy.abort() });
  } catch (error) {
    if (error instanceof AbortError) return undefined;
    throw error;
  }
}

/** Whether a live process holds the lock, as far as can be told without waiting. Changes nothing. */
export async function isLocked(path: string): Promise<boolean> {
  return (await new Watch(Number.POSITIVE_INFINITY).judge(path, await place())).state === 'alive';
}

async function create(path: string, self: Holder): Promise<boolean> {
  try {
    const file = await open(path, 'wx', 0o664);
    await file.writeFile(JSON.stringify(self)).finally(() => file.close());
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw cause;
  }
}

function hold(path: string, self: Holder, heartbeatMs: number, afterSilence: boolean): Lock {
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => {}); // taken over: the digest decides what becomes of our work
  }, heartbeatMs);
  beat.unref();
  let released: Promise<void> | undefined;
  return {
    afterSilence,
    [Symbol.asyncDispose]() {
      clearInterval(beat);
      released ??= release(path, self);
      return released;
    },
  };
}

async function release(path: string, { token }: Holder): Promise<void> {
  const content = await readFile(path, 'utf8').catch(() => '');
  if (parseHolder(content)?.token === token) await rm(path, { force: true });
}

type Verdict =
  | { readonly state: 'free' }
  | { readonly state: 'alive'; readonly holder: string }
  | { readonly state: 'dead' | 'silent'; readonly content: string };

/** Watches a lock by our own clock: those of other machines may be wrong. */
class Watch {
  private seen = '';
  private since = performance.now();

  constructor(private readonly silenceMs: number) {}

  async judge(path: string, here: string): Promise<Verdict> {
    const [content, found] = await Promise.all([
      readFile(path, 'utf8').catch(() => undefined),
      stat(path).catch(() => undefined),
    ]);
    if (content === undefined || found === undefined) return { state: 'free' };
    const holder = parseHolder(content);
    if (holder?.place === here && !isAlive(holder.pid)) return { state: 'dead', content };
    const life = `${content} ${found.mtimeMs}`;
    if (life !== this.seen) {
      this.seen = life;
      this.since = performance.now();
    } else if (performance.now() - this.since > this.silenceMs) return { state: 'silent', content };
    return { state: 'alive', holder: holder === undefined ? 'another process' : `process ${holder.pid}` };
  }
}

/**
 * Removes the lock if it still is the one that was judged. Those who do so take turns, since the second of two would remove
 * what the first has just taken.
 */
async function removeDead(path: string, content: string): Promise<boolean> {
  const turn = `${path}.steal`;
  try {
    await mkdir(turn);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    const since = await stat(turn).catch(() => undefined);
    if (since !== undefined && Date.now() - since.mtimeMs > stealMs) await rmdir(turn).catch(() => {});
    await pause(pollMs, undefined);
    return false;
  }
  try {
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== content) return false;
    await rm(path, { force: true });
    return true;
  } finally {
    await rmdir(turn).catch(() => {});
  }
}

function parseHolder(content: string): Holder | undefined {
  try {
    const { token, pid, place } = JSON.parse(content) as Partial<Holder>;
    if (typeof token !== 'string' || !Number.isSafeInteger(pid) || typeof place !== 'string') return undefined;
    return { token, pid: pid as number, place };
  } catch {
    return undefined; // just created, and not written yet
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== 'ESRCH'; // EPERM: it lives, and is another user's
  }
}

let ownPlace: Promise<string> | undefined;

/** Containers may share a host name, and count their processes anew. */
function place(): Promise<string> {
  ownPlace ??= readlink('/proc/self/ns/pid').then(
    (namespace) => `${hostname()} ${namespace}`,
    () => hostname(),
  );
  return ownPlace;
}
