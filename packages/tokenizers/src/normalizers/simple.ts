import { AlignedBuilder, type AlignedText } from '../aligned-text.js';
import type { TextPattern } from '../text-pattern.js';
import type { Normalizer } from './normalizer.js';

/** The one character whose lower case has more UTF-16 units than itself. */
const dottedCapitalI = 'İ';
const mark = /\p{M}/u;
const marks = /\p{M}+/gu;
const whiteSpace = /^\p{White_Space}$/u;

/** Lower case. Σ at the end of a word becomes ς, as in Python, with which the models were trained. */
export const lowercaseNormalizer: Normalizer = {
  json: { type: 'Lowercase' },
  apply(source) {
    const lower = source.text.toLowerCase();
    if (lower.length === source.text.length) return source.withText(lower);
    const out = new AlignedBuilder(source);
    let i = 0;
    let at = 0;
    for (const character of source.text) {
      const length = character === dottedCapitalI ? 2 : character.length;
      out.replace(i, i + character.length, lower.slice(at, at + length));
      i += character.length;
      at += length;
    }
    return out.finish();
  },
};

/** Removes all marks; put NFD before it. */
export const stripAccentsNormalizer: Normalizer = {
  json: { type: 'StripAccents' },
  apply(source) {
    if (!mark.test(source.text)) return source;
    const out = new AlignedBuilder(source);
    for (const { index, 0: found } of source.text.matchAll(marks)) out.replace(index, index + found.length, '');
    return out.finish();
  },
};

export function replaceNormalizer(pattern: TextPattern, content: string): Normalizer {
  const literal = 'String' in pattern.json ? pattern.json.String : '';
  const isUnitForUnit = literal.length === 1 && content.length === 1;
  return {
    json: { type: 'Replace', pattern: pattern.json, content } as Normalizer['json'],
    apply(source) {
      if (isUnitForUnit) return source.withText(source.text.replaceAll(literal, () => content));
      const out = new AlignedBuilder(source);
      pattern.forEachMatch(source.text, 0, source.text.length, (start, end) => {
        out.replace(start, end, content);
        return true;
      });
      return out.finish();
    },
  };
}

export function prependNormalizer(prepend: string): Normalizer {
  return {
    json: { type: 'Prepend', prepend } as Normalizer['json'],
    apply: (source) => prependTo(source, prepend),
  };
}

/** Puts `prefix` before a text that is not empty. */
export function prependTo(source: AlignedText, prefix: string): AlignedText {
  if (source.text === '') return source;
  const out = new AlignedBuilder(source);
  out.replace(0, 0, prefix);
  return out.finish();
}

/** Removes white space at the ends. */
export function stripNormalizer(left: boolean, right: boolean): Normalizer {
  return {
    json: { type: 'Strip', strip_left: left, strip_right: right } as Normalizer['json'],
    apply(source) {
      const { text } = source;
      let from = 0;
      let to = text.length;
      // All white space is in the basic plane.
      if (left) while (from < to && whiteSpace.test(text[from]!)) from++;
      if (right) while (to > from && whiteSpace.test(text[to - 1]!)) to--;
      return from === 0 && to === text.length ? source : source.slice(from, to);
    },
  };
}
