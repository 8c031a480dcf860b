import { createTextNormalizer, isSpaceOrPunctuation } from '@zooid/tokenizers';
import { simplifiedCharacters } from './simplified-characters.js';

/**
 * The form in which surfaces and texts meet: NFKC, lower case, half width, simplified characters, without spaces and
 * punctuation, so that `《說不出的秘密》` and `说不出 的秘密` are one title. Knows the way back to the original text.
 */
export const normalizeForMatching = createTextNormalizer({
  characterMap: simplifiedCharacters,
  drop: isSpaceOrPunctuation,
});

export const normalizeSurface = (surface: string): string => normalizeForMatching(surface).text;
