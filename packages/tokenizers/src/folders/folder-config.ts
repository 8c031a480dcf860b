import type { AddedToken } from '../added-tokens.js';
import type { SpecialTokenRole } from '../definition.js';
import { TokenizerError } from '../errors.js';
import { readJson } from '../files.js';
import { JsonReader } from '../json-reader.js';
import { readAddedToken } from '../tokenizer-json/read-vocab.js';
import { readRoles } from '../tokenizer-json/roles.js';

/** What the small files beside a vocabulary say. */
export interface FolderConfig {
  /** `tokenizer_config.json`, an empty object where there is none. */
  readonly file: JsonReader;
  /** Special tokens that some file names. */
  readonly roles: Partial<Record<SpecialTokenRole, string>>;
  /** Tokens beyond the vocabulary, and settings of some within. */
  readonly added: readonly PlacedToken[];
}

export interface PlacedToken {
  readonly id: number;
  readonly token: AddedToken;
  /** Where it stands, for messages. */
  readonly part: string;
}

/** Reads `tokenizer_config.json`, `special_tokens_map.json` and `added_tokens.json` where they exist. */
export async function readFolderConfig(folder: string): Promise<FolderConfig> {
  const [config, map, old] = await Promise.all([
    readJson(folder, 'tokenizer_config.json'),
    readJson(folder, 'special_tokens_map.json'),
    readJson(folder, 'added_tokens.json'),
  ]);
  const file = new JsonReader(config ?? {}, 'tokenizer_config.json');
  const roles = { ...readRoles(map, 'special_tokens_map.json'), ...readRoles(config) };
  return { file, roles, added: readPlacedTokens(file.get('added_tokens_decoder'), old, new Set(Object.values(roles))) };
}

/** `{ id: { content, … } }` in `tokenizer_config.json`, or `{ content: id }` in the `added_tokens.json` of old folders. */
function readPlacedTokens(decoder: JsonReader, old: unknown, special: ReadonlySet<string>): PlacedToken[] {
  const placed: PlacedToken[] = [];
  if (!decoder.isAbsent) {
    for (const key of Object.keys(decoder.object())) {
      const entry = decoder.get(key);
      placed.push({ id: Number(key), token: readAddedToken(entry), part: entry.part });
    }
  } else if (old !== undefined) {
    const file = new JsonReader(old, 'added_tokens.json');
    for (const content of Object.keys(file.object())) {
      const isSpecial = special.has(content);
      const token: AddedToken = { content, normalized: !isSpecial, singleWord: false, special: isSpecial };
      placed.push({ id: file.get(content).count(), token, part: file.get(content).part });
    }
  }
  return placed.sort((a, b) => a.id - b.id);
}

/**
 * Makes sure that tokens beyond the vocabulary have the ids that follow it.
 *
 * @param source The vocabulary's file, for messages.
 */
export function checkPlaces(vocab: readonly string[], placed: readonly PlacedToken[], source: string): void {
  const idOf = new Map(vocab.map((token, id) => [token, id]));
  let next = vocab.length;
  for (const { id, token, part } of placed) {
    if (vocab[id] === token.content) continue;
    const known = idOf.get(token.content);
    if (id !== next || known !== undefined) {
      throw new TokenizerError(
        part,
        `gives ${JSON.stringify(token.content)} id ${id}, which contradicts ${source} (${vocab.length} tokens); expected ${known ?? next}`,
      );
    }
    next++;
  }
}

/** An added token as `tokenizer.json` has it. */
export function addedTokenJson({ id, token }: Pick<PlacedToken, 'id' | 'token'>): object {
  return {
    id,
    content: token.content,
    single_word: token.singleWord,
    lstrip: token.leftStrip ?? false,
    rstrip: token.rightStrip ?? false,
    normalized: token.normalized,
    special: token.special,
  };
}

/** Added tokens of a folder: those that are placed, and the special ones that the vocabulary holds. */
export function addedTokensJson(config: FolderConfig, idOf: (token: string) => number | undefined): object[] {
  const byContent = new Map(config.added.map((placed) => [placed.token.content, placed]));
  for (const [role, content] of Object.entries(config.roles)) {
    const id = idOf(content);
    if (id === undefined || byContent.has(content)) continue;
    // `<mask>` takes the space before it, so that it stands for a word with its space.
    const token = { content, normalized: false, singleWord: false, special: true, leftStrip: role === 'mask' };
    byContent.set(content, { id, token, part: 'special tokens' });
  }
  return [...byContent.values()].sort((a, b) => a.id - b.id).map(addedTokenJson);
}
