import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AddedToken } from './added-tokens.js';
import { TokenizerError } from './errors.js';
import { JsonReader } from './json-reader.js';
import type { Tokenizer } from './tokenizer.js';
import { parseTokenizerJson, readRoles } from './tokenizer-json.js';
import { tokenizerFromVocab } from './vocab.js';

/** Ten times the largest tokenizer file in common use. */
const maxFileBytes = 256 * 1024 * 1024;

/**
 * The tokenizer of a model folder: `tokenizer.json`, or else `vocab.txt` with `tokenizer_config.json` and
 * `added_tokens.json` where they exist.
 *
 * @throws TokenizerError when neither is there, or a file is malformed or asks for something not supported.
 */
export async function loadTokenizer(folder: string): Promise<Tokenizer> {
  const [json, config] = await Promise.all([
    readJson(folder, 'tokenizer.json'),
    readJson(folder, 'tokenizer_config.json'),
  ]);
  if (json !== undefined) return parseTokenizerJson(json, config);
  const vocab = await readText(folder, 'vocab.txt');
  if (vocab === undefined) {
    throw new TokenizerError(folder, 'expected tokenizer.json or vocab.txt, found neither');
  }
  return fromVocabFolder(parseVocabText(vocab), config ?? {}, await readJson(folder, 'added_tokens.json'));
}

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

function fromVocabFolder(vocab: readonly string[], config: unknown, added: unknown): Tokenizer {
  const file = new JsonReader(config, 'tokenizer_config.json');
  if (!file.get('do_basic_tokenize').boolean(true)) {
    throw new TokenizerError(
      file.get('do_basic_tokenize').part,
      'false is not supported; remove it, or set it to true',
    );
  }
  const lowercase = file.get('do_lower_case').boolean(true);
  return tokenizerFromVocab(vocab, {
    lowercase,
    stripAccents: file.get('strip_accents').boolean(lowercase),
    chineseCharacters: file.get('tokenize_chinese_chars').boolean(true),
    specialTokens: readRoles(config),
    addedTokens: readAddedTokens(vocab, file.get('added_tokens_decoder'), added),
  });
}

/** Tokens beyond the vocabulary, in the order of their ids: `{ id: { content, … } }` now, `{ content: id }` in old folders. */
function readAddedTokens(vocab: readonly string[], decoder: JsonReader, old: unknown): AddedToken[] {
  const entries: { id: number; token: AddedToken; part: string }[] = [];
  if (!decoder.isAbsent) {
    for (const key of Object.keys(decoder.object())) {
      const entry = decoder.get(key);
      const special = entry.get('special').boolean(false);
      const token: AddedToken = {
        content: entry.get('content').string(),
        normalized: entry.get('normalized').boolean(!special),
        singleWord: entry.get('single_word').boolean(false),
        special,
      };
      entries.push({ id: Number(key), token, part: entry.part });
    }
  } else if (old !== undefined) {
    const file = new JsonReader(old, 'added_tokens.json');
    for (const content of Object.keys(file.object())) {
      const token: AddedToken = { content, normalized: true, singleWord: false, special: false };
      entries.push({ id: file.get(content).count(), token, part: file.get(content).part });
    }
  }
  entries.sort((a, b) => a.id - b.id);
  let next = vocab.length;
  for (const { id, token, part } of entries) {
    if (vocab[id] === token.content) continue;
    if (id !== next || vocab.includes(token.content)) {
      throw new TokenizerError(
        part,
        `gives ${JSON.stringify(token.content)} id ${id}, which contradicts vocab.txt (${vocab.length} tokens); expected ${vocab.includes(token.content) ? vocab.indexOf(token.content) : next}`,
      );
    }
    next++;
  }
  return entries.map(({ token }) => token);
}

async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readText(folder, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch (cause) {
    throw new TokenizerError(join(folder, name), 'is not JSON; the download may have been cut off', { cause });
  }
}

/** The file's text, or `undefined` when there is no such file. */
async function readText(folder: string, name: string): Promise<string | undefined> {
  const path = join(folder, name);
  let bytes: Buffer;
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) {
      throw new TokenizerError(path, `has ${size} bytes, at most ${maxFileBytes} are read; is this a tokenizer file?`);
    }
    bytes = await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    if (cause instanceof TokenizerError) throw cause;
    throw new TokenizerError(path, 'cannot be read', { cause });
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TokenizerError(path, 'is not UTF-8; convert it', { cause });
  }
}
