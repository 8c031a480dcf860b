import { BertCharacters, type BertNormalization } from './bert-characters.js';
import { NormalizedRun } from './normalized-run.js';
import { assertWellFormed } from './well-formed.js';

/** How often each normalised word occurs, words being what the tokenizer would hand to WordPiece. */
export function countWords(texts: Iterable<string>, normalization: BertNormalization): Map<string, number> {
  const run = new NormalizedRun(new BertCharacters(normalization));
  const counts = new Map<string, number>();
  let index = 0;
  for (const text of texts) {
    assertWellFormed(text, `training text ${index++}`);
    run.fill(text, 0, text.length);
    run.forEachWord(0, run.length, (from, to) => {
      let word = '';
      for (let i = from; i < to; i++) word += String.fromCodePoint(run.characters[i]!);
      counts.set(word, (counts.get(word) ?? 0) + 1);
    });
  }
  return counts;
}
