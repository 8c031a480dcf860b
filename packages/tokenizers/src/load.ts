import { TokenizerError } from './errors.js';
import { readBytes, readJson, readText } from './files.js';
import { byteLevelFromFolder } from './folders/byte-level-folder.js';
import { readFolderConfig } from './folders/folder-config.js';
import { sentencePieceFromFolder } from './folders/sentence-piece-folder.js';
import { wordPieceFromFolder } from './folders/word-piece-folder.js';
import { JsonReader } from './json-reader.js';
import type { Tokenizer } from './tokenizer.js';
import { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';

/** What SentencePiece models are called in model folders. */
export const sentencePieceNames = ['spiece.model', 'sentencepiece.bpe.model', 'tokenizer.model', 'spm.model'] as const;

/**
 * The tokenizer of a model folder: `tokenizer.json`; or else `vocab.json` with `merges.txt`, a SentencePiece model, or
 * `vocab.txt`, with `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` where they exist.
 *
 * @throws TokenizerError when none is there, or a file is malformed or asks for something not supported.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const json = await readJson(folder, 'tokenizer.json');
  const config = await readFolderConfig(folder);
  if (json !== undefined) {
    const named = Object.entries(config.roles).map(([role, token]) => [`${role}_token`, token]);
    return parseTokenizerJson(json, { ...config.file.object(), ...Object.fromEntries(named) });
  }
  const [vocabJson, merges] = [await readJson(folder, 'vocab.json'), await readText(folder, 'merges.txt')];
  if (vocabJson !== undefined && merges !== undefined) return byteLevelFromFolder(vocabJson, merges, config);
  for (const name of sentencePieceNames) {
    const bytes = await readBytes(folder, name);
    if (bytes !== undefined) return sentencePieceFromFolder(bytes, name, config, await readModelType(folder));
  }
  const vocab = await readText(folder, 'vocab.txt');
  if (vocab !== undefined) return wordPieceFromFolder(vocab, config);
  throw new TokenizerError(
    folder,
    `expected tokenizer.json, vocab.json with merges.txt, ${sentencePieceNames.join(', ')} or vocab.txt, found none of them`,
  );
}

async function readModelType(folder: string): Promise<string | undefined> {
  const config = await readJson(folder, 'config.json');
  if (config === undefined) return undefined;
  const modelType = new JsonReader(config, 'config.json').get('model_type');
  return modelType.isAbsent ? undefined : modelType.string();
}
