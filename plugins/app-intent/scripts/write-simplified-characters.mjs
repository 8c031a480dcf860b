// Writes src/lexicon/simplified-characters.ts from OpenCC's TSCharacters.txt:
//   node plugins/app-intent/scripts/write-simplified-characters.mjs path/to/TSCharacters.txt
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error('expected the path of TSCharacters.txt (OpenCC, data/dictionary)');
  process.exit(2);
}
const bytes = readFileSync(source);
const table = new Map();
for (const line of bytes.toString('utf8').split('\n')) {
  const [traditional, candidates = ''] = line.split('\t');
  const simplified = candidates.split(' ')[0];
  if (line.startsWith('#') || simplified === '' || simplified === traditional) continue;
  // Compatibility forms never get this far: NFKC goes first.
  if (traditional.normalize('NFKC') === traditional) table.set(traditional, simplified);
}
const end = (character) => (table.has(character) ? end(table.get(character)) : character);
const pairs = [...table].map(([traditional, simplified]) => traditional + end(simplified));
const lines = [];
for (let i = 0; i < pairs.length; i += 40) lines.push(pairs.slice(i, i + 40).join(''));

const sha256 = createHash('sha256').update(bytes).digest('hex');
writeFileSync(
  new URL('../src/lexicon/simplified-characters.ts', import.meta.url),
  `/**
 * Traditional and simplified character in turn. From the table TSCharacters.txt of OpenCC (https://github.com/BYVoid/OpenCC,
 * commit 5249273a3e56, sha256 ${sha256.slice(0, 16)}…), Copyright BYVoid and contributors, Apache License 2.0: the first candidate of
 * every entry that is not the character itself, chains followed to their end. Written by
 * scripts/write-simplified-characters.mjs.
 */
const pairs = \`
${lines.join('\n')}
\`;

/**
 * Traditional → simplified, character by character. Words in which a character simplifies otherwise than alone (乾坤)
 * do not matter where surfaces and texts go through the same table.
 */
export const simplifiedCharacters: ReadonlyMap<string, string> = readPairs(pairs.replaceAll('\\n', ''));

function readPairs(characters: string): Map<string, string> {
  const map = new Map<string, string>();
  let traditional: string | undefined;
  for (const character of characters) {
    if (traditional === undefined) traditional = character;
    else {
      map.set(traditional, character);
      traditional = undefined;
    }
  }
  return map;
}
`,
);
console.log(`${pairs.length} pairs`);
