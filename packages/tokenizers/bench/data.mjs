import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';

/** The optional data folder: beside the repository, or wherever ZOOID_DATA says. */
export const dataFolder = process.env.ZOOID_DATA ?? fileURLToPath(new URL('../../../../shared/data', import.meta.url));

export function requireFile(path) {
  const file = `${dataFolder}/${path}`;
  if (existsSync(file)) return file;
  console.error(`expected ${file}; set ZOOID_DATA to the folder that holds ${path}`);
  process.exit(2);
}

export function* jsonLines(path) {
  const bytes = readFileSync(requireFile(path));
  const text = (path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line);
}

/** Texts of about `characters` UTF-16 units each, `total` in all. */
export function chunks(path, characters, total) {
  const texts = [];
  let size = 0;
  for (const { text } of jsonLines(path)) {
    for (let i = 0; i < text.length && size < total; i += characters) {
      const chunk = text.slice(i, i + characters).toWellFormed();
      texts.push(chunk);
      size += chunk.length;
    }
    if (size >= total) break;
  }
  return texts;
}

/** Best of several runs: MB of UTF-8 a second. */
export function megabytesPerSecond(texts, run, repeats = 7) {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  let best = 0;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    run();
    best = Math.max(best, bytes / 1e3 / (performance.now() - start));
  }
  return best;
}
