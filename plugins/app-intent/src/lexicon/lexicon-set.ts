import { createHash } from 'node:crypto';
import { existsSync, watch } from 'node:fs';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { Collection, CollectionEntry, OpenContext } from '@zooid/spec';
import { LexiconBody } from '../dto.js';
import { buildInWorker } from './build-in-worker.js';
import { type LexiconEntry, parseLexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';
import { listLexiconFiles, readLexiconFile } from './lexicon-files.js';

/** Snapshots kept for `rollback`. */
const HISTORY = 3;
/** Editors write files in several steps; wait until they are quiet. */
const WATCH_QUIET_MS = 200;

type Lists = ReadonlyMap<string, readonly LexiconEntry[]>;
interface Snapshot {
  readonly lists: Lists;
  readonly lexicon: Lexicon;
}

/**
 * The named word lists of one served model as a single immutable, versioned lexicon. A change builds the next
 * snapshot in a worker thread, checks it, and swaps one reference: a request keeps the snapshot it started with.
 */
export class LexiconSet implements Collection<LexiconBody>, AsyncDisposable {
  readonly body = LexiconBody;
  private readonly history: Snapshot[] = [];
  private queue: Promise<unknown> = Promise.resolve();
  private stopWatching: () => void = () => {};

  private constructor(
    private snapshot: Snapshot,
    private readonly notify: NonNullable<OpenContext['notify']>,
  ) {}

  /** Reads `lexicons/` of a model folder and follows changes to it. */
  static async open(folder: string, notify: OpenContext['notify'] = () => {}): Promise<LexiconSet> {
    const lists = await readLists(folder);
    const set = new LexiconSet({ lists, lexicon: await buildInWorker([...lists.values()].flat()) }, notify);
    set.watch(folder);
    return set;
  }

  /** The lexicon now; hold on to the returned object for as long as one request lasts. */
  get current(): Lexicon {
    return this.snapshot.lexicon;
  }

  list(): readonly CollectionEntry[] {
    return [...this.snapshot.lists].map(([name, entries]) => describe(name, entries));
  }

  /** Replaces or adds one list. @throws ValidationError with a pointer per bad entry, or when the size jumps. */
  put(name: string, body: LexiconBody): Promise<CollectionEntry> {
    return this.serially(async () => {
      const entries = parseEntries(body.entries);
      const previous = this.snapshot.lists.get(name);
      if (previous !== undefined && !body.force) refuseSizeJump(previous.length, entries.length);
      await this.swap(new Map([...this.snapshot.lists, [name, entries]]));
      return describe(name, entries);
    });
  }

  delete(name: string): Promise<boolean> {
    return this.serially(async () => {
      if (!this.snapshot.lists.has(name)) return false;
      await this.swap(new Map([...this.snapshot.lists].filter(([other]) => other !== name)));
      return true;
    });
  }

  /** Returns to the snapshot before the last change; `false` when there is none left. */
  rollback(): Promise<boolean> {
    return this.serially(async () => {
      const previous = this.history.pop();
      if (previous === undefined) return false;
      this.snapshot = previous;
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.stopWatching();
    await this.queue.catch(() => {});
  }

  private async swap(lists: Lists): Promise<void> {
    const lexicon = await buildInWorker([...lists.values()].flat());
    refuseDeafLexicon(lexicon);
    this.history.push(this.snapshot);
    if (this.history.length > HISTORY) this.history.shift();
    this.snapshot = { lists, lexicon };
  }

  /** Changes apply one after another, each on the result of the one before. */
  private serially<T>(change: () => Promise<T>): Promise<T> {
    const result = this.queue.then(change, change);
    this.queue = result.catch(() => {});
    return result;
  }

  private watch(folder: string): void {
    const root = join(folder, 'lexicons');
    if (!existsSync(root)) return;
    let timer: NodeJS.Timeout | undefined;
    const watcher = watch(root, { persistent: false }, () => {
      clearTimeout(timer);
      timer = setTimeout(() => this.reloadFiles(folder), WATCH_QUIET_MS);
      timer.unref();
    });
    // A folder that disappears is no reason to stop serving what was read from it.
    watcher.on('error', (error) => this.notify({ level: 'warn', message: `lexicons are no longer watched: ${error.message}` }));
    this.stopWatching = () => {
      clearTimeout(timer);
      watcher.close();
    };
  }

  /** Takes over what changed on disk; a bad file is reported and the lists in use stay. */
  private reloadFiles(folder: string): Promise<void> {
    return this.serially(async () => {
      try {
        const onDisk = await readLists(folder);
        const changed = [...onDisk].filter(([name, entries]) => versionOf(entries) !== versionOf(this.snapshot.lists.get(name) ?? []));
        if (changed.length === 0) return;
        for (const [name, entries] of changed) {
          const previous = this.snapshot.lists.get(name);
          if (previous !== undefined) refuseSizeJump(previous.length, entries.length);
        }
        await this.swap(new Map([...this.snapshot.lists, ...changed]));
        const names = changed.map(([name]) => name).join(', ');
        this.notify({ level: 'info', message: `lexicon reloaded: ${names} (${this.current.size} entries, ${this.current.version})` });
      } catch (error) {
        this.notify({ level: 'warn', message: `lexicon not reloaded, the old one stays: ${(error as Error).message}` });
      }
    });
  }
}

async function readLists(folder: string): Promise<Lists> {
  const files = await listLexiconFiles(folder);
  return new Map(await Promise.all([...files].map(async ([name, file]) => [name, await readLexiconFile(file)] as const)));
}

/** Checks entries with pointers into the body; stops listing after 20, so that a wrong file gives a readable error. */
function parseEntries(records: readonly unknown[]): LexiconEntry[] {
  const issues: { path: string; message: string }[] = [];
  const entries = records.flatMap((record, i) => {
    if (issues.length >= 20) return [];
    try {
      return [parseLexiconEntry(record)];
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      issues.push(...error.issues.map(({ path, message }) => ({ path: `/entries/${i}${path}`, message })));
      return [];
    }
  });
  if (entries.length === 0 && issues.length === 0) issues.push({ path: '/entries', message: 'must hold at least one entry' });
  if (issues.length > 0) throw new ValidationError('lexicon', issues);
  return entries;
}

function refuseSizeJump(before: number, after: number): void {
  if (after >= before / 2 && after <= before * 1.5) return;
  throw new ValidationError('lexicon', [
    {
      path: '/entries',
      message: `has ${after} entries where the list in use has ${before}; more than half the size apart looks like an accident. Send "force": true if it is meant`,
    },
  ]);
}

/** A lexicon that does not find its own entries is broken, whatever built it. */
function refuseDeafLexicon(lexicon: Lexicon): void {
  const stride = Math.max(1, Math.floor(lexicon.size / 50));
  for (let i = 0; i < lexicon.size; i += stride) {
    const { surface, type } = lexicon.entries[i]!;
    const found = lexicon.match(surface);
    if (found.some((match) => match.surface === surface && match.type === type)) continue;
    throw new ValidationError('lexicon', [
      { path: `/entries/${i}/surface`, message: `'${surface}' does not match itself: it has no letters or digits to match by` },
    ]);
  }
}

function describe(name: string, entries: readonly LexiconEntry[]): CollectionEntry {
  return { name, version: versionOf(entries), size: entries.length };
}

function versionOf(entries: readonly LexiconEntry[]): string {
  const hash = createHash('sha256');
  for (const { surface, type, popularity } of entries) hash.update(`${surface}\u0000${type}\u0000${popularity}\n`);
  return hash.digest('hex').slice(0, 16);
}
