// Lexicon build time and matching speed: node packages/tokenizers/bench/lexicon.mjs (after npm run build)
import { AhoCorasick, createTextNormalizer } from '@zooid/tokenizers';
import { chunks, jsonLines, megabytesPerSecond } from './data.mjs';

const entries = [];
for (const { word, category } of jsonLines('lexicons/thuocl.jsonl.gz')) {
  if (entries.length < 100_000) entries.push({ surface: word, value: category });
}
const texts = chunks('zh-laws/text.jsonl.gz', 400, 2_000_000);

for (const [name, options] of [
  ['as is', {}],
  ['normalised', { normalize: createTextNormalizer() }],
]) {
  let best = Number.POSITIVE_INFINITY;
  let automaton;
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    automaton = AhoCorasick.build(entries, options);
    best = Math.min(best, performance.now() - start);
  }
  let matches = 0;
  const speed = megabytesPerSecond(texts, () => {
    matches = 0;
    for (const text of texts) {
      automaton.forEachMatch(text, () => {
        matches++;
      });
    }
  });
  const objects = megabytesPerSecond(texts, () => {
    let count = 0;
    for (const text of texts) for (const { end } of automaton.match(text)) count += end;
    return count;
  });
  console.log(
    `${name}: ${entries.length} entries built in ${best.toFixed(0)} ms; forEachMatch ${speed.toFixed(1)} MB/s, ` +
      `match ${objects.toFixed(1)} MB/s, ${matches} matches; version ${automaton.version}`,
  );
}
