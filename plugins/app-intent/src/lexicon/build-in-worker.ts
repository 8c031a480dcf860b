import type { LexiconEntry } from './entry.js';
import { Lexicon } from './lexicon.js';

export async function buildInWorker(entries: readonly LexiconEntry[]): Promise<Lexicon> {
  return Lexicon.build(entries);
}
