import { createHash } from 'node:crypto';
import type { LexiconEntry } from './entry.js';

/** Entries in columns: a hundred thousand of them move between threads as two strings and a few arrays. */
export interface EntryColumns {
  /** All surfaces, one after the other. */
  readonly text: string;
  /** Where each surface ends in `text`. */
  readonly ends: Int32Array<ArrayBuffer>;
  readonly popularities: Float64Array<ArrayBuffer>;
  /** Type and source names, once each. */
  readonly names: readonly string[];
  /** Places in `names`. */
  readonly types: Int32Array<ArrayBuffer>;
  /** Places in `names`, or -1. */
  readonly sources: Int32Array<ArrayBuffer>;
  readonly ambiguous: Uint8Array<ArrayBuffer>;
}

/** An immutable list of entries, held in columns. */
export class EntryTable implements Iterable<LexiconEntry> {
  readonly size: number;

  constructor(readonly columns: EntryColumns) {
    this.size = columns.ends.length;
  }

  static from(entries: Iterable<LexiconEntry>): EntryTable {
    if (entries instanceof EntryTable) return entries;
    const builder = new EntryTableBuilder();
    for (const entry of entries) builder.add(entry);
    return builder.finish();
  }

  /** The entries of all tables in turn. */
  static concat(tables: readonly EntryTable[]): EntryTable {
    const [first] = tables;
    if (first !== undefined && tables.length === 1) return first;
    const builder = new EntryTableBuilder();
    for (const table of tables) for (const entry of table) builder.add(entry);
    return builder.finish();
  }

  /** The entry at `index`, which must be below `size`. */
  at(index: number): LexiconEntry {
    const { text, ends, popularities, names, types, sources, ambiguous } = this.columns;
    const source = sources[index]!;
    return {
      surface: text.slice(index === 0 ? 0 : ends[index - 1]!, ends[index]!),
      type: names[types[index]!]!,
      popularity: popularities[index]!,
      ...(source < 0 ? {} : { source: names[source]! }),
      ...(ambiguous[index] === 0 ? {} : { ambiguous: true }),
    };
  }

  *[Symbol.iterator](): IterableIterator<LexiconEntry> {
    for (let i = 0; i < this.size; i++) yield this.at(i);
  }

  /** Content hash: 16 hex digits. */
  version(): string {
    const { text, names, ...arrays } = this.columns;
    const hash = createHash('sha256')
      .update(JSON.stringify([this.size, names]))
      .update(text);
    for (const array of Object.values(arrays)) hash.update(array);
    return hash.digest('hex').slice(0, 16);
  }
}

/** Collects entries one by one. */
export class EntryTableBuilder {
  private readonly surfaces: string[] = [];
  private readonly ends: number[] = [];
  private readonly popularities: number[] = [];
  private readonly types: number[] = [];
  private readonly sources: number[] = [];
  private readonly ambiguous: number[] = [];
  private readonly names = new Map<string, number>();
  private length = 0;

  get size(): number {
    return this.surfaces.length;
  }

  add({ surface, type, popularity, source, ambiguous }: LexiconEntry): void {
    this.length += surface.length;
    this.surfaces.push(surface);
    this.ends.push(this.length);
    this.popularities.push(popularity);
    this.types.push(this.placeOf(type));
    this.sources.push(source === undefined ? -1 : this.placeOf(source));
    this.ambiguous.push(ambiguous === true ? 1 : 0);
  }

  finish(): EntryTable {
    return new EntryTable({
      text: this.surfaces.join(''),
      ends: new Int32Array(this.ends),
      popularities: new Float64Array(this.popularities),
      names: [...this.names.keys()],
      types: new Int32Array(this.types),
      sources: new Int32Array(this.sources),
      ambiguous: new Uint8Array(this.ambiguous),
    });
  }

  private placeOf(name: string): number {
    const known = this.names.get(name);
    if (known !== undefined) return known;
    this.names.set(name, this.names.size);
    return this.names.size - 1;
  }
}
