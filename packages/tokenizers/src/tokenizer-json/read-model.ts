import type { ModelDefinition } from '../definition.js';
import { TokenizerError } from '../errors.js';
import type { JsonReader } from '../json-reader.js';
import type { VocabEntry } from './read-vocab.js';

/** A model and its own vocabulary. */
export interface ModelFile {
  readonly model: ModelDefinition;
  readonly entries: readonly VocabEntry[];
}

const readers: Readonly<Record<string, (reader: JsonReader) => ModelFile>> = {
  WordPiece: (reader) => ({
    model: {
      type: 'WordPiece',
      unknown: reader.get('unk_token').string(),
      continuingPrefix: reader.get('continuing_subword_prefix').string('##'),
      maxCharactersPerWord: reader.get('max_input_chars_per_word').count(100),
    },
    entries: readIds(reader.get('vocab')),
  }),
  BPE: (reader) => {
    const dropout = reader.get('dropout');
    if (!dropout.isAbsent && dropout.number() !== 0) dropout.fail('no dropout: it makes tokens random');
    const unknown = reader.get('unk_token').string('');
    return {
      model: {
        type: 'BPE',
        merges: reader.get('merges').items().map(readMerge),
        ...(unknown === '' ? {} : { unknown }),
        fuseUnknown: reader.get('fuse_unk').boolean(false),
        byteFallback: reader.get('byte_fallback').boolean(false),
        continuingPrefix: reader.get('continuing_subword_prefix').string(''),
        endOfWordSuffix: reader.get('end_of_word_suffix').string(''),
        ignoreMerges: reader.get('ignore_merges').boolean(false),
      },
      entries: readIds(reader.get('vocab')),
    };
  },
  Unigram: (reader) => {
    const pieces = reader
      .get('vocab')
      .items()
      .map((entry, id) => {
        const [token, score] = entry.items();
        if (token === undefined || score === undefined) entry.fail('a [token, score] pair');
        return { token: token!.string(), score: score!.number(), id, part: entry.part };
      });
    const unknownId = reader.get('unk_id');
    return {
      model: {
        type: 'Unigram',
        scores: pieces.map(({ score }) => score),
        ...(unknownId.isAbsent ? {} : { unknownId: unknownId.count() }),
        byteFallback: reader.get('byte_fallback').boolean(false),
      },
      entries: pieces,
    };
  },
};

/** Reads the `model` of a `tokenizer.json`. Files of tokenizers before 0.10 leave its type out. */
export function readModel(reader: JsonReader): ModelFile {
  if (!reader.get('type').isAbsent) return reader.byType(readers);
  if (!reader.get('merges').isAbsent) return readers.BPE!(reader);
  if (Array.isArray(reader.get('vocab').value)) return readers.Unigram!(reader);
  // Without a default here: a WordPiece model says how its pieces continue, WordLevel has nothing of the kind.
  reader.get('continuing_subword_prefix').string();
  return readers.WordPiece!(reader);
}

function readIds(vocab: JsonReader): VocabEntry[] {
  return Object.keys(vocab.object()).map((token) => {
    const id = vocab.get(token);
    return { token, id: id.count(), part: id.part };
  });
}

/** `"left right"`, or `["left", "right"]` since tokenizers 0.20. */
function readMerge(merge: JsonReader): [string, string] {
  const parts = typeof merge.value === 'string' ? merge.value.split(' ') : merge.items().map((item) => item.string());
  const [left = '', right = ''] = parts;
  if (parts.length === 2 && left !== '' && right !== '') return [left, right];
  throw new TokenizerError(merge.part, `expected two tokens, found ${JSON.stringify(merge.value)?.slice(0, 60)}`);
}
