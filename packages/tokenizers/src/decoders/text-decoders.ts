import type { PrependScheme } from '../pre-tokenizers/metaspace.js';
import type { TextPattern } from '../text-pattern.js';
import type { Decoder } from './decoder.js';

/** English as it is written: no space before punctuation and contractions. */
const cleanUps: readonly (readonly [string, string])[] = [
  [' .', '.'],
  [' ?', '?'],
  [' !', '!'],
  [' ,', ','],
  [" ' ", "'"],
  [" n't", "n't"],
  [" 'm", "'m"],
  [' do not', " don't"],
  [" 's", "'s"],
  [" 've", "'ve"],
  [" 're", "'re"],
];

/** Words with spaces between, pieces joined to theirs. */
export function wordPieceDecoder(prefix: string, cleanup: boolean): Decoder {
  return {
    json: { type: 'WordPiece', prefix, cleanup } as Decoder['json'],
    apply: (tokens) =>
      tokens.map((token, i) => {
        const continues = prefix !== '' && token.startsWith(prefix);
        const text = i === 0 ? token : continues ? token.slice(prefix.length) : ` ${token}`;
        return cleanup ? cleanUps.reduce((result, [from, to]) => result.replaceAll(from, to), text) : text;
      }),
  };
}

/** `▁` back to spaces, but for the one that was put before the text. */
export function metaspaceDecoder(replacement: string, prependScheme: PrependScheme, split: boolean): Decoder {
  return {
    json: { type: 'Metaspace', replacement, prepend_scheme: prependScheme, split } as Decoder['json'],
    apply: (tokens) =>
      tokens.map((token, i) => token.replaceAll(replacement, i === 0 && prependScheme !== 'never' ? '' : ' ')),
  };
}

/** The end of a word becomes a space. */
export function bpeDecoder(suffix: string): Decoder {
  return {
    json: { type: 'BPEDecoder', suffix } as Decoder['json'],
    apply: (tokens) =>
      tokens.map((token, i) => (suffix === '' ? token : token.replaceAll(suffix, i === tokens.length - 1 ? '' : ' '))),
  };
}

/** All tokens become one, for what comes after. */
export const fuseDecoder: Decoder = { json: { type: 'Fuse' }, apply: (tokens) => [tokens.join('')] };

export function replaceDecoder(pattern: TextPattern, content: string): Decoder {
  const replace = (token: string): string => {
    let result = '';
    let done = 0;
    pattern.forEachMatch(token, 0, token.length, (start, end) => {
      result += token.slice(done, start) + content;
      done = end;
      return true;
    });
    return result + token.slice(done);
  };
  return {
    json: { type: 'Replace', pattern: pattern.json, content } as Decoder['json'],
    apply: (tokens) => tokens.map(replace),
  };
}

/** Takes up to `start` times the character `content` from the beginning of every token, up to `stop` from its end. */
export function stripDecoder(content: string, start: number, stop: number): Decoder {
  const strip = (token: string): string => {
    let from = 0;
    let to = token.length;
    for (let i = 0; i < start && token.startsWith(content, from); i++) from += content.length;
    for (let i = 0; i < stop && to - content.length >= from && token.endsWith(content, to); i++) to -= content.length;
    return token.slice(from, to);
  };
  return {
    json: { type: 'Strip', content, start, stop } as Decoder['json'],
    apply: (tokens) => tokens.map(strip),
  };
}
