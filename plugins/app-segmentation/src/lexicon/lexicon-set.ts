import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Issue, ValidationError } from '@zooid/common';
import { type Collection, type CollectionEntry, didYouMean, validateDto } from '@zooid/spec';
import { LexiconBody, type Scope } from '../dto.js';
import { Dictionary } from './dictionary.js';
import { type LexiconEntry, type LexiconMode, parseEntry } from './entry.js';

/** Where a model folder keeps its dictionaries. */
const LEXICON_FOLDER = 'lexicons';
/** Entries checked before other requests get a turn on the event loop. */
const ENTRIES_PER_TURN = 2000;
const MAX_ISSUES = 20;

/** A dictionary and what it does with the words it finds. */
export interface Layer {
  readonly dictionary: Dictionary;
  readonly mode: LexiconMode;
}

interface StoredLexicon extends Layer {
  readonly name: string;
  readonly scope: Scope;
}

/**
 * The stored dictionaries of one served model. Each has an automaton of its own, so that a change costs what its own entries
 * cost, and a request keeps those it started with.
 */
export class LexiconSet implements Collection<LexiconBody> {
  readonly body = LexiconBody;
  private stored: ReadonlyMap<string, StoredLexicon> = new Map();

  private constructor(private readonly granularities: readonly string[]) {}

  /**
   * With the dictionaries that a model folder brings along: `lexicons/<name>.json`, each what a PUT would send.
   *
   * @throws ValidationError naming file and field when one cannot be used.
   */
  static async open(folder: string, granularities: readonly string[]): Promise<LexiconSet> {
    const set = new LexiconSet(granularities);
    const root = join(folder, LEXICON_FOLDER);
    const files = existsSync(root) ? await readdir(root) : [];
    for (const file of files.filter((name) => name.endsWith('.json')).sort()) {
      const path = join(root, file);
      try {
        await set.put(basename(file, '.json'), validateDto(LexiconBody, await readJson(path), 'lexicon'));
      } catch (error) {
        if (!(error instanceof ValidationError)) throw error;
        throw new ValidationError(path, error.issues);
      }
    }
    return set;
  }

  list(): readonly CollectionEntry[] {
    return Array.from(this.stored.values(), describe);
  }

  /** @throws ValidationError with a pointer per bad entry; then everything stays as it was. */
  async put(name: string, { entries, mode, scope }: LexiconBody): Promise<CollectionEntry> {
    const dictionary = new Dictionary(await parseEntries(entries, this.granularities));
    const lexicon = { name, dictionary, mode, scope };
    // Sorted by name, so that rank does not depend on history.
    this.stored = new Map([...this.stored, [name, lexicon] as const].sort(([a], [b]) => (a < b ? -1 : 1)));
    return describe(lexicon);
  }

  async delete(name: string): Promise<boolean> {
    const { size } = this.stored;
    this.stored = new Map([...this.stored].filter(([other]) => other !== name));
    return this.stored.size < size;
  }

  /**
   * What a request uses, in the order of rank: the dictionaries that it names, then the server's by name.
   *
   * @throws ValidationError when one that it names is not there.
   */
  layers(names: readonly string[]): Layer[] {
    const issues: Issue[] = [];
    const named = names.flatMap((name, i) => {
      const lexicon = this.stored.get(name);
      if (lexicon !== undefined) return [lexicon];
      const known = [...this.stored.keys()];
      const message = `names '${name}', which is not stored${didYouMean(name, known)}; PUT it to this app's collection 'lexicons' first`;
      issues.push({ path: `/parameters/lexicons/${i}`, message });
      return [];
    });
    if (issues.length > 0) throw new ValidationError('request', issues);
    const servers = [...this.stored.values()].filter(({ name, scope }) => scope === 'server' && !names.includes(name));
    return [...named, ...servers];
  }
}

/** Checks entries with pointers into the body; stops listing after 20, so that a wrong file gives a readable error. */
async function parseEntries(records: readonly unknown[], granularities: readonly string[]): Promise<LexiconEntry[]> {
  const issues: Issue[] = [];
  const entries: LexiconEntry[] = [];
  for (const [i, record] of records.entries()) {
    if (i % ENTRIES_PER_TURN === ENTRIES_PER_TURN - 1) await nextTurn();
    if (issues.length >= MAX_ISSUES) break;
    try {
      entries.push(parseEntry(record, granularities));
    } catch (error) {
      if (!(error instanceof ValidationError)) throw error;
      issues.push(...error.issues.map(({ path, message }) => ({ path: `/entries/${i}${path}`, message })));
    }
  }
  if (records.length === 0) issues.push({ path: '/entries', message: 'must hold at least one entry' });
  if (issues.length > 0) throw new ValidationError('lexicon', issues);
  return entries;
}

async function readJson(path: string): Promise<object> {
  const text = await readFile(path, 'utf8');
  try {
    return JSON.parse(text) as object;
  } catch (error) {
    throw new ValidationError(path, [{ path: '', message: `is not valid JSON: ${(error as Error).message}` }]);
  }
}

function describe({ name, dictionary: { version, size } }: StoredLexicon): CollectionEntry {
  return { name, version, size };
}
