import type { AddedToken } from '../added-tokens.js';
import { TokenizerError } from '../errors.js';
import type { JsonReader } from '../json-reader.js';

/** An entry of a model's vocabulary. */
export interface VocabEntry {
  readonly token: string;
  readonly id: number;
  /** Where it stands, for messages. */
  readonly part: string;
}

/**
 * Puts a model's vocabulary and the added tokens together, token by id.
 *
 * @throws TokenizerError when they contradict each other, or ids do not count from 0 on.
 */
export function mergeVocab(
  entries: readonly VocabEntry[],
  added: JsonReader,
): { vocab: string[]; addedTokens: AddedToken[] } {
  const vocab: string[] = [];
  const place = (token: string, id: number, part: string, size: number) => {
    if (id >= size) {
      throw new TokenizerError(
        part,
        `has id ${id}, but ids of ${size} tokens must be 0 to ${size - 1}, each used once`,
      );
    }
    if (vocab[id] !== undefined && vocab[id] !== token) {
      throw new TokenizerError(part, `has id ${id}, which ${JSON.stringify(vocab[id])} has already`);
    }
    vocab[id] = token;
  };
  const known = new Set(entries.map(({ token }) => token));
  const addedEntries = added.isAbsent ? [] : added.items();
  const contents = addedEntries.map((entry) => entry.get('content').string());
  const fresh = new Set(contents.filter((token) => !known.has(token)));
  const size = entries.length + fresh.size;
  for (const { token, id, part } of entries) place(token, id, part, size);
  const addedTokens = addedEntries.map((entry, i) => {
    const content = contents[i]!;
    const id = entry.get('id').count();
    if (known.has(content) && vocab[id] !== content) {
      throw new TokenizerError(
        entry.part,
        `gives ${JSON.stringify(content)} id ${id}, but the model's vocabulary another`,
      );
    }
    place(content, id, entry.part, size);
    return readAddedToken(entry);
  });
  return { vocab, addedTokens };
}

/** Reads the settings of an added token, which stand in `tokenizer.json` and `tokenizer_config.json` alike. */
export function readAddedToken(entry: JsonReader): AddedToken {
  const special = entry.get('special').boolean(false);
  return {
    content: entry.get('content').string(),
    normalized: entry.get('normalized').boolean(!special),
    singleWord: entry.get('single_word').boolean(false),
    special,
    leftStrip: entry.get('lstrip').boolean(false),
    rightStrip: entry.get('rstrip').boolean(false),
  };
}
