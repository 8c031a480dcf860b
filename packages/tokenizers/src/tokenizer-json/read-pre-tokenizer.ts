import { TokenizerError } from '../errors.js';
import type { JsonReader } from '../json-reader.js';
import { byteLevelPreTokenizer } from '../pre-tokenizers/byte-level.js';
import { metaspacePreTokenizer, type PrependScheme, prependSchemes } from '../pre-tokenizers/metaspace.js';
import { type PreTokenizer, sequencePreTokenizer } from '../pre-tokenizers/pre-tokenizer.js';
import {
  bertPreTokenizer,
  digitsPreTokenizer,
  punctuationPreTokenizer,
  splitBehaviors,
  splitPreTokenizer,
  whitespacePreTokenizer,
  whitespaceSplit,
} from '../pre-tokenizers/split.js';
import { readTextPattern } from '../text-pattern.js';
import { checkNesting } from './nesting.js';

const readers: Readonly<Record<string, (reader: JsonReader) => PreTokenizer>> = {
  BertPreTokenizer: bertPreTokenizer,
  Whitespace: whitespacePreTokenizer,
  WhitespaceSplit: whitespaceSplit,
  Punctuation: (reader) => punctuationPreTokenizer(reader.get('behavior').choice(splitBehaviors, 'Isolated')),
  Digits: (reader) => digitsPreTokenizer(reader.get('individual_digits').boolean(false)),
  Split: (reader) =>
    splitPreTokenizer(readTextPattern(reader.get('pattern')), reader.get('behavior').choice(splitBehaviors), {
      invert: reader.get('invert').boolean(false),
    }),
  ByteLevel: (reader) =>
    byteLevelPreTokenizer({
      addPrefixSpace: reader.get('add_prefix_space').boolean(true),
      useRegex: reader.get('use_regex').boolean(true),
      trimOffsets: reader.get('trim_offsets').boolean(true),
    }),
  Metaspace: (reader) => metaspacePreTokenizer(readMetaspace(reader)),
  Sequence: (reader) => {
    checkNesting(reader);
    const steps = reader.get('pretokenizers').items();
    const read = steps.map(readPreTokenizer);
    const early = read.findIndex((step, i) => step.yieldsBytes && i < read.length - 1);
    if (early !== -1) {
      throw new TokenizerError(steps[early]!.part, 'ByteLevel is supported only as the last of a sequence');
    }
    return sequencePreTokenizer(read);
  },
};

/** Reads the `pre_tokenizer` of a `tokenizer.json`. */
export function readPreTokenizer(reader: JsonReader): PreTokenizer {
  return reader.byType(readers);
}

/** The settings of Metaspace, in the form of before tokenizers 0.15 (`add_prefix_space`) or since. */
export function readMetaspace(reader: JsonReader): {
  replacement: string;
  prependScheme: PrependScheme;
  split: boolean;
} {
  const replacement = reader.get('replacement').string('▁');
  if ([...replacement].length !== 1) reader.get('replacement').fail('one character');
  const old = reader.get('add_prefix_space').boolean(true) ? 'always' : 'never';
  return {
    replacement,
    prependScheme: reader.get('prepend_scheme').choice(prependSchemes, old),
    split: reader.get('split').boolean(true),
  };
}
