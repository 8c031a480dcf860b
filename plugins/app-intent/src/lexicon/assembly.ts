import { type Issue, ValidationError } from '@zooid/common';
import { type EntryColumns, EntryTable } from './entry-table.js';
import { Lexicon } from './lexicon.js';
import { parseServedEntry, readRecords } from './lexicon-files.js';
import { normalizeSurface } from './normalize.js';

/** A named list with its content hash. */
export interface NamedList {
  readonly name: string;
  readonly version: string;
  readonly columns: EntryColumns;
}

/** One list of a lexicon to assemble. Plain data, for it travels to another thread. */
export type ListSource =
  /** In use and unchanged. */
  | NamedList
  /** New entries. */
  | { readonly name: string; readonly columns: EntryColumns }
  | FileSource;

/** A list to be read. */
export interface FileSource {
  readonly name: string;
  readonly file: string;
  /** Stays in place when the file cannot be used. */
  readonly replaces?: NamedList;
  /** Whether a file that cannot be used fails the assembly instead of being left out. */
  readonly required: boolean;
}

/** Why a file was not taken over: the parts of a ValidationError. */
export interface ListFault {
  readonly name: string;
  readonly subject: string;
  readonly issues: readonly Issue[];
}

export interface Assembly {
  readonly lists: readonly NamedList[];
  readonly faults: readonly ListFault[];
  readonly lexicon: Lexicon;
}

/**
 * Reads what is to be read, builds one lexicon of all lists and checks that it finds its own entries.
 *
 * @throws ValidationError when a required file cannot be used, or the lexicon fails its check.
 */
export async function assemble(sources: readonly ListSource[]): Promise<Assembly> {
  const faults: ListFault[] = [];
  const lists: NamedList[] = [];
  for (const source of sources) {
    if (!('file' in source)) {
      const version = 'version' in source ? source.version : new EntryTable(source.columns).version();
      lists.push({ name: source.name, version, columns: source.columns });
      continue;
    }
    try {
      lists.push(await readList(source));
    } catch (error) {
      if (!(error instanceof ValidationError) || source.required) throw error;
      faults.push({ name: source.name, subject: error.subject, issues: error.issues });
      if (source.replaces !== undefined) lists.push(source.replaces);
    }
  }
  const lexicon = Lexicon.build(EntryTable.concat(lists.map(({ columns }) => new EntryTable(columns))));
  refuseDeafLexicon(lexicon);
  return { lists, faults, lexicon };
}

async function readList({ name, file, replaces }: FileSource): Promise<NamedList> {
  const table = EntryTable.from(await readRecords(file, parseServedEntry));
  const jump = replaces === undefined ? undefined : sizeJump(replaces.columns.ends.length, table.size);
  if (jump !== undefined) {
    const message = `${jump}. Change it in smaller steps, or send it with "force": true`;
    throw new ValidationError(file, [{ path: '', message }]);
  }
  return { name, version: table.version(), columns: table.columns };
}

/** What is suspicious about a list that goes from `before` to `after` entries, if anything is. */
export function sizeJump(before: number, after: number): string | undefined {
  if (before === 0 || (after >= before / 2 && after <= before * 1.5)) return undefined;
  return `has ${after} entries where the list in use has ${before}; more than half the size apart looks like an accident`;
}

/** A lexicon that does not find its own entries is broken, whatever built it. */
function refuseDeafLexicon(lexicon: Lexicon): void {
  const stride = Math.max(1, Math.floor(lexicon.size / 50));
  for (let entry = 0; entry < lexicon.size; entry += stride) {
    const { surface } = lexicon.entries.at(entry);
    // Of a surface with more entries than are kept, any will do.
    const normal = normalizeSurface(surface);
    if (lexicon.match(surface).some((match) => normalizeSurface(match.surface) === normal)) continue;
    throw new ValidationError('lexicon', [{ path: '', message: `does not find its own entry '${surface}'` }]);
  }
}
