import { byteFallbackDecoder, byteLevelDecoder } from '../decoders/byte-decoders.js';
import { type Decoder, sequenceDecoder } from '../decoders/decoder.js';
import {
  bpeDecoder,
  fuseDecoder,
  metaspaceDecoder,
  replaceDecoder,
  stripDecoder,
  wordPieceDecoder,
} from '../decoders/text-decoders.js';
import type { JsonReader } from '../json-reader.js';
import { readTextPattern } from '../text-pattern.js';
import { checkNesting } from './nesting.js';
import { readMetaspace } from './read-pre-tokenizer.js';

const readers: Readonly<Record<string, (reader: JsonReader) => Decoder>> = {
  WordPiece: (reader) => wordPieceDecoder(reader.get('prefix').string('##'), reader.get('cleanup').boolean(true)),
  ByteLevel: (reader) => byteLevelDecoder(readByteLevel(reader)),
  Metaspace: (reader) => {
    const { replacement, prependScheme, split } = readMetaspace(reader);
    return metaspaceDecoder(replacement, prependScheme, split);
  },
  BPEDecoder: (reader) => bpeDecoder(reader.get('suffix').string('</w>')),
  ByteFallback: () => byteFallbackDecoder,
  Fuse: () => fuseDecoder,
  Replace: (reader) => replaceDecoder(readTextPattern(reader.get('pattern')), reader.get('content').string()),
  Strip: (reader) => {
    const content = reader.get('content').string();
    if ([...content].length !== 1) reader.get('content').fail('one character');
    return stripDecoder(content, reader.get('start').count(), reader.get('stop').count());
  },
  Sequence: (reader) => {
    checkNesting(reader);
    return sequenceDecoder(reader.get('decoders').items().map(readDecoder));
  },
};

/** Reads the `decoder` of a `tokenizer.json`. */
export function readDecoder(reader: JsonReader): Decoder {
  return reader.byType(readers);
}

/** The settings that ByteLevel has in all its roles; not every one heeds each. */
export function readByteLevel(reader: JsonReader): {
  add_prefix_space: boolean;
  trim_offsets: boolean;
  use_regex: boolean;
} {
  return {
    add_prefix_space: reader.get('add_prefix_space').boolean(true),
    trim_offsets: reader.get('trim_offsets').boolean(true),
    use_regex: reader.get('use_regex').boolean(true),
  };
}
