import { TokenizerError } from '../errors.js';
import type { JsonReader } from '../json-reader.js';
import { bertNormalizer } from '../normalizers/bert.js';
import { Charsmap } from '../normalizers/charsmap.js';
import { type Normalizer, sequenceNormalizer } from '../normalizers/normalizer.js';
import { precompiledNormalizer } from '../normalizers/precompiled.js';
import {
  lowercaseNormalizer,
  prependNormalizer,
  replaceNormalizer,
  stripAccentsNormalizer,
  stripNormalizer,
} from '../normalizers/simple.js';
import { unicodeForms, unicodeNormalizer } from '../normalizers/unicode-form.js';
import { readTextPattern } from '../text-pattern.js';
import { checkNesting } from './nesting.js';

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

const readers: Readonly<Record<string, (reader: JsonReader) => Normalizer>> = {
  BertNormalizer: (reader) => {
    const lowercase = reader.get('lowercase').boolean(true);
    return bertNormalizer({
      cleanText: reader.get('clean_text').boolean(true),
      chineseCharacters: reader.get('handle_chinese_chars').boolean(true),
      stripAccents: reader.get('strip_accents').boolean(lowercase),
      lowercase,
    });
  },
  ...Object.fromEntries(unicodeForms.map((form) => [form, () => unicodeNormalizer(form)])),
  Lowercase: () => lowercaseNormalizer,
  StripAccents: () => stripAccentsNormalizer,
  Strip: (reader) => stripNormalizer(reader.get('strip_left').boolean(true), reader.get('strip_right').boolean(true)),
  Prepend: (reader) => prependNormalizer(reader.get('prepend').string()),
  Replace: (reader) => replaceNormalizer(readTextPattern(reader.get('pattern')), reader.get('content').string()),
  Precompiled: (reader) => {
    const charsmap = reader.get('precompiled_charsmap');
    const text = charsmap.string();
    if (!base64.test(text)) throw new TokenizerError(charsmap.part, 'expected base64; the file is damaged');
    return precompiledNormalizer(new Charsmap(new Uint8Array(Buffer.from(text, 'base64')), charsmap.part));
  },
  Sequence: (reader) => {
    checkNesting(reader);
    return sequenceNormalizer(reader.get('normalizers').items().map(readNormalizer));
  },
};

/** Reads the `normalizer` of a `tokenizer.json`. */
export function readNormalizer(reader: JsonReader): Normalizer {
  return reader.byType(readers);
}
