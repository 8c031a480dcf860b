import { existsSync, readFileSync } from 'node:fs';
import { Tokenizer as Peer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { isChineseCharacter } from './bert-characters.js';
import { parseVocabText } from './folders/word-piece-folder.js';
import { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';
import type { Truncation } from './truncation.js';
import { tokenizerFromVocab, type VocabOptions } from './vocab.js';

interface Expected {
  readonly ids: number[];
  readonly typeIds: number[];
  readonly offsets: number[];
  readonly specialMask: number[];
}
interface Golden {
  readonly singles: readonly {
    readonly normalizer: Readonly<Record<string, boolean | null>>;
    readonly texts: readonly string[];
    readonly expected: readonly Expected[];
  }[];
  readonly truncated: readonly {
    readonly text: string;
    readonly pair?: string;
    readonly maxLength: number;
    readonly truncation: Truncation;
    readonly expected: Expected | null;
  }[];
}

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8');
const vocab = parseVocabText(read('./__golden__/vocab.txt'));
const golden = JSON.parse(read('./__golden__/encodings.json')) as Golden;

/** The shipped vocabulary, and well-known ones where the optional data folder is there. */
const vocabs: [string, readonly string[]][] = [
  ['__golden__/vocab.txt', vocab],
  ...['bert-base-uncased', 'bert-base-chinese']
    .map((name) => new URL(`../../../../shared/data/tokenizers/${name}.vocab.txt`, import.meta.url))
    .filter((path) => existsSync(path))
    .map((path): [string, string[]] => [path.pathname, parseVocabText(readFileSync(path, 'utf8'))]),
];

const normalizations: VocabOptions[] = [
  {},
  { lowercase: false },
  { stripAccents: false },
  { chineseCharacters: false },
  { lowercase: false, stripAccents: true },
];

describe('against the Rust tokenizers (golden)', () => {
  it.each(golden.singles)(
    'ids, types, offsets and mask are equal with $normalizer',
    ({ normalizer, texts, expected }) => {
      const json = JSON.parse(JSON.stringify(tokenizerFromVocab(vocab))) as { normalizer: object };
      const tokenizer = parseTokenizerJson({ ...json, normalizer: { type: 'BertNormalizer', ...normalizer } });
      texts.forEach((text, i) => {
        const { ids, typeIds, offsets, specialMask } = tokenizer.encode(text);
        const found = { ids, typeIds, offsets, specialMask };
        expect({ text, ...mapValues(found, (array) => [...array]) }).toEqual({ text, ...expected[i] });
      });
    },
  );

  it('truncates pairs and single texts alike, and fails where they fail', () => {
    const tokenizer = tokenizerFromVocab(vocab);
    for (const { expected, text, ...options } of golden.truncated) {
      const encode = () => {
        const { ids, typeIds, offsets, specialMask } = tokenizer.encode(text, options);
        return mapValues({ ids, typeIds, offsets, specialMask }, (array) => [...array]);
      };
      if (expected === null) expect(encode, JSON.stringify(options)).toThrow(/leaves no room/);
      else expect({ text, ...options, ...encode() }).toEqual({ text, ...options, ...expected });
    }
  });
});

describe('against @huggingface/tokenizers', () => {
  for (const [name, tokens] of vocabs) {
    it.each(normalizations)(
      `ids are equal on random texts of many scripts: ${name.split('/').at(-1)} %o`,
      (options) => {
        const tokenizer = tokenizerFromVocab(tokens, options);
        const peer = new Peer(JSON.parse(JSON.stringify(tokenizer)) as object, {});
        const random = seededRandom(20240229);
        for (let i = 0; i < 600; i++) {
          const text = randomText(random, Math.floor(random() * 25));
          const peerText = options.chineseCharacters === false ? text : separateRareChinese(text);
          expect({ text, ids: [...tokenizer.encode(text).ids] }).toEqual({ text, ids: peer.encode(peerText).ids });
        }
      },
    );
  }

  it('reads the tokenizer.json that toJSON writes', () => {
    const tokenizer = tokenizerFromVocab(vocab, { addedTokens: ['[ENT]'] });
    const peer = new Peer(JSON.parse(JSON.stringify(tokenizer)) as object, {});
    const result = peer.encode('the [ENT] dog', { text_pair: 'sea', return_token_type_ids: true });
    const encoding = tokenizer.encode('the [ENT] dog', { pair: 'sea' });
    expect(result.tokens).toEqual(encoding.tokens);
    expect(result.token_type_ids).toEqual([...encoding.typeIds]);
    expect(encoding.tokens).toEqual(['[CLS]', 'the', '[ENT]', 'dog', '[SEP]', 'sea', '[SEP]']);
  });
});

/**
 * The peer looks at UTF-16 units and so does not see Chinese characters beyond the basic plane, which BERT makes words
 * of their own: blanks around them make it do so.
 */
function separateRareChinese(text: string): string {
  return Array.from(text, (character) => {
    const codePoint = character.codePointAt(0)!;
    return codePoint > 0xffff && isChineseCharacter(codePoint) ? ` ${character} ` : character;
  }).join('');
}

function mapValues<K extends string, A, B>(record: Record<K, A>, map: (value: A) => B): Record<K, B> {
  return Object.fromEntries(Object.entries<A>(record).map(([key, value]) => [key, map(value)])) as Record<K, B>;
}
