import { TokenizerError } from '../errors.js';
import { JsonReader } from '../json-reader.js';
import type { Tokenizer } from '../tokenizer.js';
import { parseTokenizerJson } from '../tokenizer-json/parse-tokenizer-json.js';
import { addedTokensJson, checkPlaces, type FolderConfig } from './folder-config.js';

/** The special tokens of RoBERTa and its kin, which name none of them in their vocabularies' files. */
const robertaTokens = { bos: '<s>', eos: '</s>', cls: '<s>', sep: '</s>', unk: '<unk>', pad: '<pad>', mask: '<mask>' };
const gpt2Tokens = { bos: '<|endoftext|>', eos: '<|endoftext|>', unk: '<|endoftext|>' };

/**
 * The byte-level tokenizer of a folder with `vocab.json` and `merges.txt`: RoBERTa's, with its special tokens around
 * the text, where the vocabulary has them, else GPT-2's.
 *
 * @param vocabJson The parsed `vocab.json`.
 */
export function byteLevelFromFolder(vocabJson: unknown, mergesText: string, config: FolderConfig): Tokenizer {
  const file = new JsonReader(vocabJson, 'vocab.json');
  const vocab: Record<string, unknown> = { ...file.object() };
  const tokens: string[] = [];
  for (const token of Object.keys(vocab)) {
    const id = file.get(token).count();
    if (id < Object.keys(vocab).length) tokens[id] = token;
  }
  const has = (token: string) => Object.hasOwn(vocab, token);
  const isRoberta = [robertaTokens.cls, robertaTokens.sep, robertaTokens.mask].every(has);
  const roles = { ...(isRoberta ? robertaTokens : gpt2Tokens), ...config.roles };
  const full: FolderConfig = { ...config, roles };
  checkPlaces(tokens, config.added, 'vocab.json');
  const addPrefixSpace = config.file.get('add_prefix_space').boolean(false);
  const byteLevel = { type: 'ByteLevel', add_prefix_space: addPrefixSpace, use_regex: true };
  const idOf = (token: string) => (has(token) ? file.get(token).count() : undefined);
  const pair = (token: string) => [token, idOf(token) ?? missing(token)];
  const json = {
    added_tokens: addedTokensJson(full, idOf),
    normalizer: null,
    pre_tokenizer: { ...byteLevel, trim_offsets: true },
    post_processor: isRoberta
      ? {
          type: 'RobertaProcessing',
          sep: pair(roles.sep ?? robertaTokens.sep),
          cls: pair(roles.cls ?? robertaTokens.cls),
          trim_offsets: true,
          add_prefix_space: addPrefixSpace,
        }
      : { ...byteLevel, trim_offsets: false },
    decoder: { ...byteLevel, trim_offsets: true },
    model: { type: 'BPE', vocab, merges: parseMerges(mergesText) },
  };
  const named = Object.entries(roles).map(([role, token]) => [`${role}_token`, token]);
  return parseTokenizerJson(json, Object.fromEntries(named));
}

/** The merges of a `merges.txt`: a pair of tokens a line, after a line that names the version. */
function parseMerges(text: string): string[][] {
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const merges: string[][] = [];
  lines.forEach((line, i) => {
    if (line === '' || (i === 0 && line.startsWith('#version'))) return;
    const pair = line.split(' ');
    if (pair.length !== 2) {
      throw new TokenizerError(
        `merges.txt line ${i + 1}`,
        `expected two tokens, found ${JSON.stringify(line.slice(0, 60))}`,
      );
    }
    merges.push(pair);
  });
  return merges;
}

function missing(token: string): never {
  throw new TokenizerError('vocab.json', `lacks ${JSON.stringify(token)}, which a file beside it names`);
}
