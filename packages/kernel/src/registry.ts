import { UnknownNameError } from '@zooid/spec';

/** What the loaded plugins offer of one kind, by name, in load order. */
export interface Registry<T> extends Iterable<T> {
  readonly names: readonly string[];
  has(name: string): boolean;
  /** @throws UnknownNameError with the known names and the nearest one. */
  get(name: string): T;
}

export function createRegistry<T extends { readonly name: string }>(kind: string, entries: readonly T[]): Registry<T> {
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return {
    names: [...byName.keys()],
    has: (name) => byName.has(name),
    get(name) {
      const entry = byName.get(name);
      if (entry === undefined) throw new UnknownNameError(kind, name, [...byName.keys()]);
      return entry;
    },
    [Symbol.iterator]: () => byName.values(),
  };
}
