import { prependTo } from '../normalizers/simple.js';
import { regexPattern } from '../text-pattern.js';
import type { PreTokenizer } from './pre-tokenizer.js';
import { splitAt } from './split.js';

/** GPT-2's way to cut a text into words: contractions, then letters, digits and other characters with the space before. */
const gpt2Pattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

export interface ByteLevelOptions {
  /** Put a space before a text that does not begin with one. */
  readonly addPrefixSpace: boolean;
  /** Cut with GPT-2's pattern; else leave pieces as they come. */
  readonly useRegex: boolean;
  /** Read, written back, and without effect here: the post-processor of the same name heeds it. */
  readonly trimOffsets: boolean;
}

/** GPT-2's pre-tokenizer, whose pieces are taken for bytes. @see openai/gpt-2 `encoder.py` */
export function byteLevelPreTokenizer({ addPrefixSpace, useRegex, trimOffsets }: ByteLevelOptions): PreTokenizer {
  const pattern = regexPattern(gpt2Pattern, 'built-in pattern');
  return {
    json: {
      type: 'ByteLevel',
      add_prefix_space: addPrefixSpace,
      trim_offsets: trimOffsets,
      use_regex: useRegex,
    } as PreTokenizer['json'],
    yieldsBytes: true,
    split(source, from, to, visit) {
      let piece = source;
      let start = from;
      let end = to;
      if (addPrefixSpace && source.text[from] !== ' ') {
        piece = prependTo(from === 0 && to === source.text.length ? source : source.slice(from, to), ' ');
        start = 0;
        end = piece.text.length;
      }
      return useRegex ? splitAt(pattern, 'Isolated', false, piece, start, end, visit) : visit(piece, start, end);
    },
  };
}
