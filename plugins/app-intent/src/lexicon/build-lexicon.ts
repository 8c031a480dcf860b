import type { LexiconEntry } from './entry.js';
import { normalizeSurface } from './normalize.js';

export interface LexiconFilters {
  /** Shortest normalised surface, in code points. Single-character titles match everywhere. */
  readonly minLength: number;
  /** Surfaces kept although they are shorter, normalised. */
  readonly whitelist?: ReadonlySet<string>;
  /** Everyday words, normalised: dropped unless among the most popular 1 % of their source, marked ambiguous otherwise. */
  readonly commonWords?: ReadonlySet<string>;
}

/**
 * One entry per (normalised surface, type): filters what would match by accident, adds up popularity, and marks what
 * stays ambiguous. Where sources differ, the later one is kept: an outside list after the training split. Entry order
 * is by surface, then type, so equal inputs give equal lexicons.
 */
export function buildLexicon(entries: Iterable<LexiconEntry>, filters: LexiconFilters): LexiconEntry[] {
  const merged = new Map<string, LexiconEntry>();
  const typesOf = new Map<string, Set<string>>();
  const all = [...entries];
  const famous = popularityThreshold(all);
  for (const entry of all) {
    const normal = normalizeSurface(entry.surface);
    const kept = filters.whitelist?.has(normal) || [...normal].length >= filters.minLength;
    const everyday = filters.commonWords?.has(normal) === true;
    if (normal === '' || !kept || (everyday && entry.popularity < famous(entry.source))) continue;
    const key = `${normal}\u0000${entry.type}`;
    const known = merged.get(key);
    merged.set(key, {
      ...(known ?? entry),
      popularity: entry.popularity + (known?.popularity ?? 0),
      ...(entry.source === undefined ? {} : { source: entry.source }),
      ...(everyday ? { ambiguous: true } : {}),
    });
    typesOf.set(normal, (typesOf.get(normal) ?? new Set()).add(entry.type));
  }
  return [...merged.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, entry]) => (typesOf.get(key.split('\u0000')[0]!)!.size > 1 ? { ...entry, ambiguous: true } : entry));
}

/** The popularity that the top 1 % of a source reach. */
function popularityThreshold(entries: readonly LexiconEntry[]): (source: string | undefined) => number {
  const bySource = new Map<string | undefined, number[]>();
  for (const { source, popularity } of entries) {
    const list = bySource.get(source);
    if (list === undefined) bySource.set(source, [popularity]);
    else list.push(popularity);
  }
  const thresholds = new Map(
    [...bySource].map(([source, values]) => {
      const top = Math.max(1, Math.floor(values.length / 100));
      return [source, values.sort((a, b) => b - a)[top - 1]!];
    }),
  );
  return (source) => thresholds.get(source) ?? 0;
}
