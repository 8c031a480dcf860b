import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Lexicon, type LexiconEntry } from '@zooid/app-intent';
import { readJsonLines } from '@zooid/data';
import { Random } from '@zooid/tensor';
import type { Benchmark } from '../benchmark.js';
import { median, rounded } from '../statistics.js';

const ENTRIES = 100_000;
const TEXTS = 3000;
const TEXT_LENGTH = 400;
const ROUNDS = 5;
const BUILD_SECONDS = 1.5;
const MEGABYTES_PER_SECOND = 3;

interface Material {
  readonly source: string;
  readonly entries: readonly LexiconEntry[];
  readonly texts: readonly string[];
}

/**
 * The intent app's lexicon, normalisation included: building 100,000 entries and matching Chinese text. THUOCL's words
 * and legal text where the data folder has them, random words and texts of the same lengths otherwise.
 */
export const lexicon: Benchmark = {
  name: 'lexicon',
  description: `worse of: seconds to build ${ENTRIES} entries / ${BUILD_SECONDS}; ${MEGABYTES_PER_SECOND} MB/s / speed of matching Chinese text (UTF-8)`,
  target: 1,
  async run({ log }) {
    const { source, entries, texts } = (await fromDataFolder()) ?? invented();
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const buildSeconds: number[] = [];
    const speeds: number[] = [];
    let matches = 0;
    for (let round = 0; round < ROUNDS; round++) {
      let start = performance.now();
      const built = Lexicon.build(entries);
      buildSeconds.push((performance.now() - start) / 1000);
      start = performance.now();
      matches = texts.reduce((sum, text) => sum + built.match(text).length, 0);
      speeds.push(bytes / 1e3 / (performance.now() - start));
      log(`round ${round + 1}: built in ${rounded(buildSeconds.at(-1)!, 3)} s, ${rounded(speeds.at(-1)!, 3)} MB/s`);
    }
    const [seconds, speed] = [median(buildSeconds), median(speeds)];
    const ratio = rounded(Math.max(seconds / BUILD_SECONDS, MEGABYTES_PER_SECOND / speed));
    return {
      ratio,
      ok: ratio <= lexicon.target,
      details: {
        source,
        entries: entries.length,
        buildSeconds: rounded(seconds, 3),
        megabytesPerSecond: rounded(speed, 3),
        texts: texts.length,
        megabytes: rounded(bytes / 1e6, 3),
        matches,
      },
    };
  },
};

async function fromDataFolder(): Promise<Material | undefined> {
  const shared = fileURLToPath(new URL('../../../../../shared/data', import.meta.url));
  for (const folder of [process.env.ZOOID_DATA, shared]) {
    if (folder === undefined) continue;
    const [words, laws] = [join(folder, 'lexicons/thuocl.jsonl.gz'), join(folder, 'zh-laws/text.jsonl.gz')];
    if (!existsSync(words) || !existsSync(laws)) continue;
    const entries: LexiconEntry[] = [];
    for await (const line of readJsonLines(words)) {
      const { word, category } = ('record' in line ? line.record : {}) as { word?: string; category?: string };
      if (word !== undefined && category !== undefined) entries.push({ surface: word, type: category, popularity: 1 });
      if (entries.length === ENTRIES) break;
    }
    const texts: string[] = [];
    for await (const line of readJsonLines(laws)) {
      const { text = '' } = ('record' in line ? line.record : {}) as { text?: string };
      const characters = [...text];
      for (let i = 0; i < characters.length; i += TEXT_LENGTH)
        texts.push(characters.slice(i, i + TEXT_LENGTH).join(''));
      if (texts.length >= TEXTS) break;
    }
    return { source: 'THUOCL words in Chinese legal text', entries, texts: texts.slice(0, TEXTS) };
  }
  return undefined;
}

function invented(): Material {
  const random = new Random(1);
  // A few hundred characters, so that words recur in the texts as real ones do.
  const word = (length: number) =>
    Array.from({ length }, () => String.fromCodePoint(0x4e00 + random.int(700))).join('');
  const surfaces = new Set<string>();
  while (surfaces.size < ENTRIES) surfaces.add(word(2 + random.int(4)));
  const entries = Array.from(surfaces, (surface, i) => ({ surface, type: `type-${i % 11}`, popularity: 1 }));
  return {
    source: 'random words in random text',
    entries,
    texts: Array.from({ length: TEXTS }, () => word(TEXT_LENGTH)),
  };
}
