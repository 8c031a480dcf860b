import { prependTo } from '../normalizers/simple.js';
import { literalPattern } from '../text-pattern.js';
import type { PreTokenizer } from './pre-tokenizer.js';
import { splitAt } from './split.js';

/** Where the replacement is put before a text that does not begin with it: everywhere, at the very beginning, nowhere. */
export const prependSchemes = ['always', 'first', 'never'] as const;
export type PrependScheme = (typeof prependSchemes)[number];

export interface MetaspaceOptions {
  /** One character, `▁` in SentencePiece. */
  readonly replacement: string;
  readonly prependScheme: PrependScheme;
  /** Cut before each replacement. */
  readonly split: boolean;
}

/** SentencePiece's way with spaces: a visible character stands for them, and words begin with it. */
export function metaspacePreTokenizer({ replacement, prependScheme, split }: MetaspaceOptions): PreTokenizer {
  const pattern = literalPattern(replacement);
  return {
    json: { type: 'Metaspace', replacement, prepend_scheme: prependScheme, split } as PreTokenizer['json'],
    yieldsBytes: false,
    split(source, from, to, visit) {
      const isFirst = source.base === 0 && from === 0;
      let piece = from === 0 && to === source.text.length ? source : source.slice(from, to);
      piece = piece.withText(piece.text.replaceAll(' ', () => replacement));
      const prepends = prependScheme === 'always' || (prependScheme === 'first' && isFirst);
      if (prepends && !piece.text.startsWith(replacement)) piece = prependTo(piece, replacement);
      const { length } = piece.text;
      return split ? splitAt(pattern, 'MergedWithNext', false, piece, 0, length, visit) : visit(piece, 0, length);
    },
  };
}
