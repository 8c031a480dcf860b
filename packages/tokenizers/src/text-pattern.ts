import type { JsonReader } from './json-reader.js';
import { Pattern } from './pattern/pattern.js';

/** What tokenizer files call a pattern: a plain text or a regular expression. */
export interface TextPattern {
  readonly json: { readonly String: string } | { readonly Regex: string };
  /** Visits matches in `text[from, to)` from left to right, until `visit` returns false. */
  forEachMatch(text: string, from: number, to: number, visit: (start: number, end: number) => boolean): void;
}

/** Reads `{ "String": … }` or `{ "Regex": … }`. */
export function readTextPattern(reader: JsonReader): TextPattern {
  const plain = reader.get('String');
  if (!plain.isAbsent) return literalPattern(plain.string());
  const regex = reader.get('Regex');
  if (regex.isAbsent) reader.fail('{ "String": … } or { "Regex": … }');
  return regexPattern(regex.string(), regex.part);
}

export function regexPattern(source: string, part: string): TextPattern {
  const pattern = new Pattern(source, part);
  return {
    json: { Regex: source },
    forEachMatch: (text, from, to, visit) => pattern.forEachMatch(text, from, to, visit),
  };
}

/** Occurrences of a text; of the empty text there are none. */
export function literalPattern(literal: string): TextPattern {
  return {
    json: { String: literal },
    forEachMatch: (text, from, to, visit) => {
      if (literal === '') return;
      let at = text.indexOf(literal, from);
      while (at !== -1 && at + literal.length <= to) {
        if (!visit(at, at + literal.length)) return;
        at = text.indexOf(literal, at + literal.length);
      }
    },
  };
}
