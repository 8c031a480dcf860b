import { describe, expect, it } from 'vitest';
import { TokenizerError } from '../errors.js';
import { tokenizerFromVocab } from '../vocab.js';
import { parseTokenizerJson } from './parse-tokenizer-json.js';

const vocab = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', 'dog', '##s', 'e'];

interface Json {
  [key: string]: unknown;
  added_tokens: Record<string, unknown>[];
  model: Record<string, unknown>;
  normalizer: Record<string, unknown> | null;
}
const fresh = (): Json => JSON.parse(JSON.stringify(tokenizerFromVocab(vocab))) as Json;

describe('parseTokenizerJson', () => {
  it('restores what toJSON wrote', () => {
    const original = tokenizerFromVocab(vocab, { lowercase: false, chineseCharacters: false, addedTokens: ['<e>'] });
    const restored = parseTokenizerJson(JSON.parse(JSON.stringify(original)));
    expect(JSON.stringify(restored)).toBe(JSON.stringify(original));
    expect(restored.encode('dogs <e>', { pair: 'É' })).toEqual(original.encode('dogs <e>', { pair: 'É' }));
    expect(restored.specialTokens).toEqual(original.specialTokens);
  });

  it('keeps a token called __proto__', () => {
    const original = tokenizerFromVocab([...vocab, '__proto__', 'constructor']);
    const restored = parseTokenizerJson(JSON.parse(JSON.stringify(original)));
    expect(restored.idOf('__proto__')).toBe(8);
    expect(restored.idOf('constructor')).toBe(9);
    expect(restored.idOf('toString')).toBeUndefined();
  });

  it('reads BertProcessing, and no post-processor at all', () => {
    const bert = parseTokenizerJson({
      ...fresh(),
      post_processor: { type: 'BertProcessing', sep: ['[SEP]', 3], cls: ['[CLS]', 2] },
    });
    expect(bert.encode('dog', { pair: 'e' }).tokens).toEqual(['[CLS]', 'dog', '[SEP]', 'e', '[SEP]']);
    expect([...bert.encode('dog', { pair: 'e' }).typeIds]).toEqual([0, 0, 0, 1, 1]);
    const bare = parseTokenizerJson({ ...fresh(), post_processor: null });
    expect(bare.encode('dog', { pair: 'e' }).tokens).toEqual(['dog', 'e']);
  });

  it('reads a template of its own order, and finds the special tokens in it', () => {
    const json = fresh();
    json.added_tokens.push({ id: 8, content: '<s>', special: true });
    const tokenizer = parseTokenizerJson({
      ...json,
      post_processor: {
        type: 'TemplateProcessing',
        single: [{ SpecialToken: { id: 's', type_id: 0 } }, { Sequence: { id: 'A', type_id: 0 } }],
        pair: [
          { Sequence: { id: 'A', type_id: 0 } },
          { SpecialToken: { id: 's', type_id: 1 } },
          { Sequence: { id: 'B', type_id: 1 } },
        ],
        special_tokens: { s: { id: 's', ids: [8, 3], tokens: ['<s>', '[SEP]'] } },
      },
    });
    expect(tokenizer.encode('dogs').tokens).toEqual(['<s>', '[SEP]', 'dog', '##s']);
    expect(tokenizer.encode('dog', { pair: 'e' }).tokens).toEqual(['dog', '<s>', '[SEP]', 'e']);
    expect(tokenizer.specialTokens.cls).toBe('[SEP]');
    expect(tokenizer.vocabSize).toBe(9);
  });

  it('takes absent strip_accents for what lowercase says, and no normalizer for none', () => {
    const json = fresh();
    const withNormalizer = (normalizer: object | null) => parseTokenizerJson({ ...json, normalizer });
    const cased = { type: 'BertNormalizer', lowercase: false };
    expect(withNormalizer(cased).encode('é').tokens[1]).toBe('[UNK]');
    expect(withNormalizer({ ...cased, lowercase: true, strip_accents: null }).encode('É').tokens[1]).toBe('e');
    expect(withNormalizer(null).encode('e\u200b').tokens[1]).toBe('[UNK]');
  });

  it('takes names of special tokens from tokenizer_config.json, as strings or objects', () => {
    const config = { cls_token: 'dog', mask_token: { content: 'e', lstrip: false }, pad_token: null };
    const { specialTokens } = parseTokenizerJson(fresh(), config);
    expect(specialTokens).toEqual({ pad: '[PAD]', unk: '[UNK]', cls: 'dog', sep: '[SEP]', mask: 'e' });
  });

  it('reads a model without a type, as old files have it', () => {
    const json = fresh();
    delete json.model.type;
    expect(parseTokenizerJson(json).encode('dogs').tokens).toEqual(['[CLS]', 'dog', '##s', '[SEP]']);
    delete json.model.continuing_subword_prefix;
    expect(() => parseTokenizerJson(json)).toThrow(/continuing_subword_prefix: expected a string, found nothing/);
  });

  const change = (edit: (json: Json) => void) => {
    const json = fresh();
    edit(json);
    return json;
  };
  it.each<[string, unknown, RegExp]>([
    ['not an object', [], /tokenizer.json: expected an object, found an array/],
    ['null', null, /expected an object, found null/],
    [
      'another model',
      change((j) => {
        j.model = { type: 'WordLevel' };
      }),
      /\/model: WordLevel is not supported; what can stand here is WordPiece, BPE, Unigram/,
    ],
    [
      'another normalizer',
      change((j) => {
        j.normalizer = { type: 'Nmt' };
      }),
      /\/normalizer: Nmt is not supported; what can stand here is BertNormalizer, NFC/,
    ],
    [
      'another pre-tokenizer',
      change((j) => {
        j.pre_tokenizer = { type: 'Sequence', pretokenizers: [{ type: 'UnicodeScripts' }] };
      }),
      /\/pre_tokenizer\/pretokenizers\/0: UnicodeScripts is not supported/,
    ],
    [
      'bytes for a model of characters',
      change((j) => {
        j.pre_tokenizer = { type: 'ByteLevel' };
      }),
      /pre_tokenizer: ByteLevel goes with a BPE model, not with WordPiece/,
    ],
    [
      'bytes before the end',
      change((j) => {
        j.pre_tokenizer = { type: 'Sequence', pretokenizers: [{ type: 'ByteLevel' }, { type: 'Whitespace' }] };
      }),
      /pretokenizers\/0: ByteLevel is supported only as the last/,
    ],
    [
      'another post-processor',
      change((j) => {
        j.post_processor = { type: 'Robert' };
      }),
      /\/post_processor: Robert is not supported/,
    ],
    [
      'another decoder',
      change((j) => {
        j.decoder = { type: 'CTC' };
      }),
      /\/decoder: CTC is not supported/,
    ],
    [
      'a name that objects have by nature',
      change((j) => {
        j.decoder = { type: 'constructor' };
      }),
      /\/decoder: constructor is not supported/,
    ],
    [
      'sequences without end',
      change((j) => {
        for (let i = 0; i < 5000; i++) j.normalizer = { type: 'Sequence', normalizers: [j.normalizer] };
      }),
      /is nested too deeply; at most 8 sequences/,
    ],
    [
      'no vocabulary',
      change((j) => {
        delete j.model.vocab;
      }),
      /\/model\/vocab: expected an object, found nothing/,
    ],
    [
      'a vocabulary list',
      change((j) => {
        j.model.vocab = vocab;
      }),
      /\/model\/vocab: expected an object, found an array/,
    ],
    [
      'an id that is no number',
      change((j) => {
        j.model.vocab = { a: '0' };
      }),
      /\/model\/vocab\/a: expected a non-negative integer, found "0"/,
    ],
    [
      'a negative id',
      change((j) => {
        j.model.vocab = { 'a/b': -1 };
      }),
      /\/model\/vocab\/a~1b: .*found -1/,
    ],
    [
      'an id used twice',
      change((j) => {
        j.model.vocab = { a: 0, b: 0 };
      }),
      /has id 0, which "a" has already/,
    ],
    [
      'a hole in the ids',
      change((j) => {
        j.model.vocab = { a: 0, b: 1e9 };
      }),
      /has id 1000000000, but ids of \d+ tokens must be 0 to/,
    ],
    [
      'no unknown token',
      change((j) => {
        j.model.unk_token = '<unk>';
      }),
      /expected "<unk>" \(the unknown token\)/,
    ],
    [
      'an added token that contradicts',
      change((j) => {
        j.added_tokens[0]!.id = 1;
      }),
      /\/added_tokens\/0: gives "\[PAD\]" id 1/,
    ],
    [
      'an added token without content',
      change((j) => {
        j.added_tokens[0] = { id: 0 };
      }),
      /\/added_tokens\/0\/content: expected a string/,
    ],
    [
      'a flag that is no flag',
      change((j) => {
        j.normalizer!.lowercase = 'yes';
      }),
      /\/normalizer\/lowercase: expected true or false, found "yes"/,
    ],
    [
      'an endless word length',
      change((j) => {
        j.model.max_input_chars_per_word = 1e12;
      }),
      /from 1 to 1000/,
    ],
  ])('refuses %s and names the part', (_, json, message) => {
    expect(() => parseTokenizerJson(json)).toThrow(TokenizerError);
    expect(() => parseTokenizerJson(json)).toThrow(message);
  });

  it.each([
    ['without its text', { single: [], pair: [] }, /single: expected a template with sequence A once/],
    [
      'with an unknown text',
      { single: [{ Sequence: { id: 'C' } }], pair: [] },
      /Sequence\/id: expected "A" or "B", found "C"/,
    ],
    ['with an unknown token', { single: [{ SpecialToken: { id: 'x' } }], pair: [] }, /special_tokens\/x/],
    [
      'with a type beyond 255',
      { single: [{ Sequence: { id: 'A', type_id: 256 } }], pair: [] },
      /type_id: expected at most 255/,
    ],
  ])('refuses a template %s', (_, parts, message) => {
    const json = { ...fresh(), post_processor: { type: 'TemplateProcessing', special_tokens: {}, ...parts } };
    expect(() => parseTokenizerJson(json)).toThrow(message);
  });
});
