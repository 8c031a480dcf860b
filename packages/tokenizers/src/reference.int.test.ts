import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { Tokenizer as Peer } from '@huggingface/tokenizers';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { isChineseCharacter } from './bert-characters.js';
import { sentencePieceFromFolder } from './folders/sentence-piece-folder.js';
import { parseVocabText } from './folders/word-piece-folder.js';
import { JsonReader } from './json-reader.js';
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

/** What sentencepiece 0.2.2 (C++) makes of texts with the model of Chinese XLNet. */
const xlnetGolden: readonly (readonly [string, readonly number[]])[] = [
  ['今天天气很好，我们去公园散步吧。', [19, 4328, 10022, 12452, 17, 1654, 373, 2380, 1450, 1494, 6455, 18]],
  ["The dog doesn't mind", [19, 1957, 9752, 10041, 19, 4887, 1994, 629, 962, 620, 6491, 9139]],
  ['  ＡＢＣ　１２３ ½ ﬁ  ', [19, 16149, 19, 13276, 19, 41, 23599, 45, 19, 14176]],
  ['北京 是　中国的首都\n2024年', [19, 528, 19, 26, 4746, 20, 1720, 7593, 376, 22]],
  ['😀ж', [19, 0, 24488]],
];

const shared = (name: string) => new URL(`../../../../shared/data/tokenizers/${name}`, import.meta.url);
const readShared = (name: string): Buffer => {
  const bytes = readFileSync(shared(name));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
};
const realFiles = ['gpt2.tokenizer.json.gz', 'minimind.tokenizer.json'].filter((name) => existsSync(shared(name)));

/** Small tokenizers made by the Rust library; the peer parts from it where its regular expressions are JavaScript's. */
const madeFiles = (
  JSON.parse(read('./__golden__/pipelines.json')) as { pipelines: { name: string; tokenizer: object }[] }
).pipelines;

describe('other models against @huggingface/tokenizers', () => {
  const sentences = [
    "The dog doesn't mind, and we'll see 12 of 3456 foxes!",
    ' A  few   spaces\n\nand lines\t',
    '今天天气很好，我们去公园散步吧。😀 𠮷',
    'Müller läuft; naïve café — “quotes” ½ ﬁ',
    'def add(first, second):\n    return first + second',
    'x'.repeat(300),
  ];
  const check = (json: object, texts: readonly string[]) => {
    const tokenizer = parseTokenizerJson(json);
    const peer = new Peer(json, {});
    for (const text of texts) {
      const { ids } = tokenizer.encode(text);
      expect({ text, ids: [...ids] }).toEqual({ text, ids: peer.encode(text).ids });
    }
  };

  it.each(madeFiles.filter(({ name }) => /GPT-2|RoBERTa$|Qwen|Llama 3/.test(name)))(
    '$name: equal ids',
    ({ tokenizer }) => check(tokenizer, sentences),
  );

  it.each(realFiles)('%s: equal ids on texts of many scripts, and the text back', (name) => {
    const json = JSON.parse(readShared(name).toString()) as object;
    const random = seededRandom(77);
    // U+0085 and U+FEFF are white space to one and not to the other; the reference, in Rust, sides with us.
    const texts = Array.from({ length: 150 }, () => randomText(random, 15).replace(/[\u0085\ufeff]/g, ''));
    check(json, [...sentences, ...texts]);
    const tokenizer = parseTokenizerJson(json);
    const unspecial = (text: string) => text.replaceAll('<|', '< |');
    for (const text of texts.map(unspecial)) expect(tokenizer.decode(tokenizer.encode(text).ids)).toBe(text);
  });

  it.each(['chinese-xlnet.spiece.model'].filter((name) => existsSync(shared(name))))(
    '%s: ids of SentencePiece',
    (name) => {
      const config = { file: new JsonReader({ keep_accents: true }, 'tokenizer_config.json'), roles: {}, added: [] };
      const xlnet = sentencePieceFromFolder(readShared(name), 'spiece.model', config);
      for (const [text, ids] of xlnetGolden) {
        expect({ text, ids: [...xlnet.encode(text, { addSpecialTokens: false }).ids] }).toEqual({ text, ids });
      }
    },
  );
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
