import type { Tokenizer } from '@zooid/tokenizers';
import type { TextTokens } from './featurizer.js';

/**
 * Whether each token of a text goes on with the word of the one before it, as the pipeline of transformers tells: by the
 * tokenizer's mark of continuing pieces (`##`) where it has one; else a token goes on where no space stands before or at
 * its start. An unknown token is a word.
 *
 * @returns one per token of the text.
 */
export function continuesWord({ text, encoding, begin, end }: TextTokens, tokenizer: Tokenizer): boolean[] {
  const { ids, offsets } = encoding;
  const { continuingPrefix, specialIds } = tokenizer;
  return Array.from({ length: end - begin }, (_, i) => {
    const at = begin + i;
    const id = ids[at]!;
    if (id === specialIds.unk) return false;
    if (continuingPrefix !== undefined) return tokenizer.tokenOf(id).startsWith(continuingPrefix);
    const start = offsets[2 * at]!;
    return start > 0 && !text.slice(start - 1, start + 1).includes(' ');
  });
}
