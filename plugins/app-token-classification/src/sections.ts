import type { TextTokens } from './featurizer.js';

/** What ends a sentence; a span goes over it hardly ever. */
const sentenceEnd = /[。！？!?\n\r]|\.\s/u;

/**
 * A text of more than `longest` tokens in sections of at most as many, each read and decoded by itself. They end where a
 * sentence does, or in the middle of one that has more tokens than half of `longest`.
 */
export function sectionsOf(tokens: TextTokens, longest: number): TextTokens[] {
  const { end } = tokens;
  const sections: TextTokens[] = [];
  let { begin } = tokens;
  while (end - begin > longest) {
    const cut = lastSentenceEnd(tokens, begin + Math.floor(longest / 2), begin + longest) ?? begin + longest;
    sections.push({ ...tokens, begin, end: cut });
    begin = cut;
  }
  return [...sections, { ...tokens, begin, end }];
}

/** The last token in `(least, most]` that has the end of a sentence before it. */
function lastSentenceEnd({ text, encoding: { offsets } }: TextTokens, least: number, most: number): number | undefined {
  for (let token = most; token > least; token--) {
    // From where the token before it begins: the mark is that token, or the space behind it.
    if (sentenceEnd.test(text.slice(offsets[2 * (token - 1)]!, offsets[2 * token]!))) return token;
  }
  return undefined;
}
