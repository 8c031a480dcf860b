import { createTextNormalizer, isSpaceOrPunctuation } from '@zooid/tokenizers';

/**
 * The form in which surfaces and texts meet: NFKC, lower case, half width, without spaces and punctuation, so that
 * `《说不出的秘密》` and `说不出 的秘密` are one title. Knows the way back to the original text.
 */
export const normalizeForMatching = createTextNormalizer({ drop: isSpaceOrPunctuation });

export const normalizeSurface = (surface: string): string => normalizeForMatching(surface).text;
