import { TokenizerError } from '../errors.js';
import type { Tokenizer } from '../tokenizer.js';
import { tokenizerFromVocab } from '../vocab.js';
import { checkPlaces, type FolderConfig } from './folder-config.js';

/**
 * The tokens of a `vocab.txt`: one a line, the line number is the id.
 *
 * @throws TokenizerError naming the line, when one is empty.
 */
export function parseVocabText(text: string): string[] {
  const lines = text.replace(/^\ufeff/, '').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line, i) => {
    const token = line.endsWith('\r') ? line.slice(0, -1) : line;
    if (token !== '') return token;
    throw new TokenizerError(`vocab.txt line ${i + 1}`, 'is empty; every line is a token, and its place the id');
  });
}

/** A BERT tokenizer from `vocab.txt` and what the files beside it say. */
export function wordPieceFromFolder(vocabText: string, config: FolderConfig): Tokenizer {
  const { file, added, roles } = config;
  const vocab = parseVocabText(vocabText);
  if (!file.get('do_basic_tokenize').boolean(true)) {
    throw new TokenizerError(
      file.get('do_basic_tokenize').part,
      'false is not supported; remove it, or set it to true',
    );
  }
  checkPlaces(vocab, added, 'vocab.txt');
  const lowercase = file.get('do_lower_case').boolean(true);
  const { pad, unk, cls, sep, mask } = roles;
  const named = Object.entries({ pad, unk, cls, sep, mask }).filter(([, token]) => token !== undefined);
  return tokenizerFromVocab(vocab, {
    lowercase,
    stripAccents: file.get('strip_accents').boolean(lowercase),
    chineseCharacters: file.get('tokenize_chinese_chars').boolean(true),
    specialTokens: Object.fromEntries(named),
    addedTokens: added.map(({ token }) => token),
  });
}
