import { ZooidError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { randomText, seededRandom } from './__golden__/random-text.js';
import { writeModel } from './__golden__/write-model.js';
import { TokenizerError } from './errors.js';
import { sentencePieceFromFolder } from './folders/sentence-piece-folder.js';
import { JsonReader } from './json-reader.js';
import { protobufFields } from './sentencepiece/protobuf.js';
import { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

const everything = {
  added_tokens: [{ id: 5, content: '<x>', special: true, lstrip: true, rstrip: false, normalized: true }],
  normalizer: {
    type: 'Sequence',
    normalizers: [
      { type: 'NFKC' },
      { type: 'BertNormalizer', lowercase: true },
      { type: 'Replace', pattern: { Regex: ' {2,}|^x' }, content: ' ' },
      { type: 'Strip', strip_left: true, strip_right: false },
    ],
  },
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Split', pattern: { Regex: '\\p{L}+|[^a-z]' }, behavior: 'MergedWithNext', invert: true },
      { type: 'Digits', individual_digits: true },
      { type: 'Metaspace', replacement: '▁', prepend_scheme: 'first', split: true },
    ],
  },
  post_processor: {
    type: 'TemplateProcessing',
    single: [{ Sequence: { id: 'A', type_id: 0 } }, { SpecialToken: { id: 's', type_id: 1 } }],
    pair: [{ Sequence: { id: 'A', type_id: 0 } }, { Sequence: { id: 'B', type_id: 1 } }],
    special_tokens: { s: { id: 's', ids: [5], tokens: ['<x>'] } },
  },
  decoder: {
    type: 'Sequence',
    decoders: [
      { type: 'Replace', pattern: { String: '▁' }, content: ' ' },
      { type: 'ByteFallback' },
      { type: 'Fuse' },
      { type: 'Strip', content: ' ', start: 1, stop: 0 },
    ],
  },
  model: {
    type: 'BPE',
    vocab: { a: 0, b: 1, ab: 2, '▁': 3, '<unk>': 4 },
    merges: [['a', 'b']],
    unk_token: '<unk>',
    byte_fallback: true,
  },
} satisfies Json;
const strange: readonly Json[] = [
  null,
  true,
  -1,
  1.5,
  1e300,
  '',
  'x',
  '\ud800',
  '__proto__',
  [],
  {},
  [[]],
  'Sequence',
  '((',
];

/** A copy in which one place holds something else, or something is missing. */
function mutate(value: Json, random: () => number): Json {
  const copy = structuredClone(value);
  let at: Json = copy;
  for (let depth = 0; depth < 8; depth++) {
    if (typeof at !== 'object' || at === null) break;
    const keys = Object.keys(at);
    if (keys.length === 0) break;
    const key = keys[Math.floor(random() * keys.length)]!;
    const holder = at as { [key: string]: Json };
    if (random() < 0.3 || typeof holder[key] !== 'object') {
      if (random() < 0.2) delete holder[key];
      else holder[key] = strange[Math.floor(random() * strange.length)]!;
      return copy;
    }
    at = holder[key]!;
  }
  return copy;
}

function tryAll(load: () => ReturnType<typeof parseTokenizerJson>, random: () => number): void {
  try {
    const tokenizer = load();
    const { ids } = tokenizer.encode(`${randomText(random, 10)} ab <x> 12`, { pair: 'b' });
    tokenizer.decode(ids);
    JSON.stringify(tokenizer);
  } catch (error) {
    if (ZooidError.is(error)) return;
    throw error;
  }
}

describe('files from strangers', () => {
  it('a tokenizer.json with anything anywhere is read, or refused with a message', () => {
    expect(parseTokenizerJson(everything).encode('ab').tokens).toEqual(['▁', 'ab', '<x>']);
    const random = seededRandom(41);
    for (let i = 0; i < 800; i++) {
      let json: Json = everything;
      for (let change = 0; change <= i % 3; change++) json = mutate(json, random);
      tryAll(() => parseTokenizerJson(json), random);
    }
  });

  const config = { file: new JsonReader({}, 'tokenizer_config.json'), roles: {}, added: [] };
  const model = writeModel({
    pieces: [
      { piece: '<unk>', score: 0, type: 2 },
      { piece: '<s>', score: 0, type: 3 },
      { piece: '▁', score: -1, type: 1 },
      { piece: 'ab', score: -2, type: 1 },
      { piece: 'a', score: -3, type: 1 },
      { piece: '<u>', score: 0, type: 4 },
    ],
  });

  it('a SentencePiece model with any byte changed, or cut off, is read or refused with a message', () => {
    const random = seededRandom(43);
    for (let length = 0; length < model.length; length++) {
      tryAll(() => sentencePieceFromFolder(model.slice(0, length), 'm', config), random);
    }
    for (let i = 0; i < 800; i++) {
      const bytes = Uint8Array.from(model);
      for (let change = 0; change <= i % 4; change++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      tryAll(() => sentencePieceFromFolder(bytes, 'm', config), random);
    }
  });

  it.each([
    ['a length beyond the end', [0x0a, 0x7f, 0x01], /ends too early/],
    ['a length of gigabytes', [0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f], /ends too early/],
    ['a number without end', Array<number>(20).fill(0xff), /a number without end/],
    ['a number that is cut off', [0x08, 0x80], /ends too early/],
    ['a field without number', [0x00, 0x01], /a field without number/],
    ['a group', [0x0b], /a field of unknown kind/],
  ])('protobuf with %s is refused', (_, bytes, message) => {
    expect(() => [...protobufFields(Uint8Array.from(bytes), 'm')]).toThrow(TokenizerError);
    expect(() => [...protobufFields(Uint8Array.from(bytes), 'm')]).toThrow(message);
  });

  it('protobuf fields of every kind are read or passed over', () => {
    const bytes = [0x08, 0xac, 0x02, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x1a, 2, 9, 9, 0x25, 0, 0, 0x80, 0x3f];
    const fields = [...protobufFields(Uint8Array.from(bytes), 'm')];
    expect(fields.map(({ number, bits }) => [number, bits])).toEqual([
      [1, 300],
      [2, 0],
      [3, 0],
      [4, 0x3f800000],
    ]);
    expect([...fields[2]!.bytes!]).toEqual([9, 9]);
  });
});
