import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Issue, ValidationError } from '@zooid/common';
import type { Collection, CollectionEntry, OpenContext } from '@zooid/spec';
import { LexiconBody } from '../dto.js';
import { assembleInWorker } from './assemble-in-worker.js';
import { type FileSource, type ListFault, type ListSource, type NamedList, sizeJump } from './assembly.js';
import { type EntryTable, EntryTableBuilder } from './entry-table.js';
import type { Lexicon } from './lexicon.js';
import { parseServedEntry } from './lexicon-files.js';
import { LexiconWatcher } from './lexicon-watcher.js';

/** Earlier versions kept of each list. */
const HISTORY = 3;
/** Entries checked before other requests get a turn on the event loop. */
const ENTRIES_PER_TURN = 250;
const MAX_ISSUES = 20;

interface Snapshot {
  readonly lists: ReadonlyMap<string, NamedList>;
  readonly lexicon: Lexicon;
}

/**
 * The named word lists of one served model as a single immutable, versioned lexicon. A change builds the next
 * snapshot beside the one in use, checks it, and swaps one reference: a request keeps the snapshot it started with.
 */
export class LexiconSet implements Collection<LexiconBody>, AsyncDisposable {
  readonly body = LexiconBody;
  private readonly history = new Map<string, NamedList[]>();
  private queue: Promise<unknown> = Promise.resolve();
  private watcher: LexiconWatcher | undefined;

  private constructor(
    private snapshot: Snapshot,
    private readonly notify: NonNullable<OpenContext['notify']>,
  ) {}

  /**
   * Reads `lexicons/` of a model folder and follows changes to it.
   *
   * @throws ValidationError naming file, line and field when a list cannot be used.
   */
  static async open(folder: string, notify: OpenContext['notify'] = () => {}): Promise<LexiconSet> {
    const watcher = new LexiconWatcher(folder);
    const files = await watcher.changes();
    const snapshot = await snapshotOf(files.map(([name, file]) => ({ name, file, required: true })));
    const set = new LexiconSet(snapshot, notify);
    set.watcher = watcher;
    watcher.start({
      onChange: () => void set.serially(() => set.reload()),
      onError: ({ message }) => notify({ level: 'warn', message: `lexicons are no longer watched: ${message}` }),
    });
    void set.serially(() => set.reload()); // what changed while the lists were read
    return set;
  }

  /** The lexicon now; hold on to the returned object for as long as one request lasts. */
  get current(): Lexicon {
    return this.snapshot.lexicon;
  }

  list(): readonly CollectionEntry[] {
    return Array.from(this.snapshot.lists.values(), describe);
  }

  /**
   * Replaces or adds one list, or returns it to the version before.
   *
   * @throws ValidationError with a pointer per bad entry, when the size jumps, or when there is nothing to return to.
   */
  put(name: string, { entries, rollback, force }: LexiconBody): Promise<CollectionEntry> {
    if (rollback) return this.serially(() => this.rollback(name));
    return this.serially(async () => {
      const { size, columns } = await parseEntries(entries ?? []);
      const previous = this.snapshot.lists.get(name);
      const jump = previous === undefined || force ? undefined : sizeJump(previous.columns.ends.length, size);
      if (jump !== undefined) throw refusal('/entries', `${jump}. Send "force": true if it is meant`);
      await this.swap(this.listsWith(name, { name, columns }));
      this.remember(previous);
      return describe(this.snapshot.lists.get(name)!);
    });
  }

  /** Takes a list out of use; it can be brought back by a rollback. */
  delete(name: string): Promise<boolean> {
    return this.serially(async () => {
      const previous = this.snapshot.lists.get(name);
      if (previous === undefined) return false;
      await this.swap(this.listsWith(name, undefined));
      this.remember(previous);
      return true;
    });
  }

  /** Stops following the files; waits for a change that is being made. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.watcher?.close();
    await this.queue;
  }

  private async rollback(name: string): Promise<CollectionEntry> {
    const earlier = this.history.get(name)?.at(-1);
    if (earlier === undefined) throw refusal('/rollback', `finds no earlier version of '${name}'`);
    await this.swap(this.listsWith(name, earlier));
    this.history.get(name)!.pop();
    return describe(earlier);
  }

  /** Takes over what changed on disk since it was last read; a bad file is reported and the list in use stays. */
  private async reload(): Promise<void> {
    try {
      const changed = new Map(await this.watcher!.changes());
      const names = new Set([...this.snapshot.lists.keys(), ...changed.keys()]);
      const sources = [...names].sort().map((name): ListSource => {
        const replaces = this.snapshot.lists.get(name);
        const file = changed.get(name);
        if (file === undefined) return replaces!;
        return { name, file, required: false, ...(replaces === undefined ? {} : { replaces }) } satisfies FileSource;
      });
      if (changed.size > 0) await this.takeOver(sources);
    } catch (error) {
      this.notify({ level: 'warn', message: `lexicons not reloaded, the old ones stay: ${(error as Error).message}` });
    }
  }

  private async takeOver(sources: readonly ListSource[]): Promise<void> {
    const { lists } = this.snapshot;
    const { faults, replaced } = await this.swap(sources);
    for (const { subject, issues } of faults) {
      const { message } = new ValidationError(subject, issues);
      this.notify({ level: 'warn', message: `lexicon not reloaded, the old one stays: ${message}` });
    }
    if (replaced.length === 0) return;
    for (const name of replaced) this.remember(lists.get(name));
    const { size, version } = this.current;
    const message = `lexicon reloaded: ${replaced.join(', ')} (${size} entries in all, version ${version})`;
    this.notify({ level: 'info', message });
  }

  /** Builds the next snapshot and puts it in place; leaves the one in use when it amounts to the same. */
  private async swap(
    sources: readonly ListSource[],
  ): Promise<{ readonly faults: readonly ListFault[]; readonly replaced: string[] }> {
    const before = this.snapshot.lists;
    const next = await snapshotOf(sources);
    const replaced = [...next.lists].filter(([name, { version }]) => before.get(name)?.version !== version);
    if (replaced.length > 0 || next.lists.size !== before.size) this.snapshot = next;
    return { faults: next.faults, replaced: replaced.map(([name]) => name) };
  }

  /** The lists in use with `name` replaced, added or left out, in an order that does not depend on history. */
  private listsWith(name: string, list: ListSource | undefined): ListSource[] {
    const sources = new Map<string, ListSource>(this.snapshot.lists);
    if (list === undefined) sources.delete(name);
    else sources.set(name, list);
    return [...sources.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  private remember(list: NamedList | undefined): void {
    if (list === undefined || list.version === this.snapshot.lists.get(list.name)?.version) return;
    const versions = this.history.get(list.name) ?? [];
    this.history.set(list.name, [...versions, list].slice(-HISTORY));
  }

  /** Changes apply one after another, each on the result of the one before. */
  private serially<T>(change: () => Promise<T>): Promise<T> {
    const result = this.queue.then(change);
    this.queue = result.catch(() => {});
    return result;
  }
}

async function snapshotOf(
  sources: readonly ListSource[],
): Promise<Snapshot & { readonly faults: readonly ListFault[] }> {
  const { lists, lexicon, faults } = await assembleInWorker(sources);
  return { lists: new Map(lists.map((list) => [list.name, list])), lexicon, faults };
}

/** Checks entries with pointers into the body; stops listing after 20, so that a wrong file gives a readable error. */
async function parseEntries(records: readonly unknown[]): Promise<EntryTable> {
  const issues: Issue[] = [];
  const builder = new EntryTableBuilder();
  for (const [i, record] of records.entries()) {
    if (i % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
    if (issues.length >= MAX_ISSUES) break;
    try {
      builder.add(parseServedEntry(record));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      issues.push(...error.issues.map(({ path, message }) => ({ path: `/entries/${i}${path}`, message })));
    }
  }
  if (records.length === 0) issues.push({ path: '/entries', message: 'must hold at least one entry' });
  if (issues.length > 0) throw new ValidationError('lexicon', issues);
  const table = builder.finish();
  if (table.size >= ENTRIES_PER_TURN) await nextTurn();
  return table;
}

function refusal(path: string, message: string): ValidationError {
  return new ValidationError('lexicon', [{ path, message }]);
}

function describe({ name, version, columns }: NamedList): CollectionEntry {
  return { name, version, size: columns.ends.length };
}
