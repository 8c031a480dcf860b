import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AlignedText } from './aligned-text.js';
import { sentencePieceFromFolder } from './folders/sentence-piece-folder.js';
import { JsonReader } from './json-reader.js';
import { type SplitBehavior, splitPreTokenizer } from './pre-tokenizers/split.js';
import { regexPattern } from './text-pattern.js';
import type { Tokenizer } from './tokenizer.js';
import { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';

interface Case {
  readonly text: string;
  readonly pair?: string;
  readonly ids: number[];
  readonly typeIds: number[];
  readonly offsets: number[] | null;
  readonly decoded: string;
  readonly decodedWhole: string;
}
interface Pipelines {
  readonly pipelines: readonly { readonly name: string; readonly tokenizer: object; readonly cases: readonly Case[] }[];
  readonly behaviors: readonly {
    readonly behavior: string;
    readonly invert: boolean;
    readonly results: Readonly<Record<string, [number, number][]>>;
  }[];
}
interface Models {
  readonly models: readonly {
    readonly file: string;
    readonly cases: readonly { readonly text: string; readonly ids: number[]; readonly decoded: string }[];
  }[];
}

const path = (name: string) => new URL(`./__golden__/${name}`, import.meta.url);
const read = <T>(name: string): T => JSON.parse(readFileSync(path(name), 'utf8')) as T;
const { pipelines, behaviors } = read<Pipelines>('pipelines.json');
const { models } = read<Models>('sentencepiece.json');

const check = (tokenizer: Tokenizer, cases: readonly Case[]) => {
  for (const { text, pair, ids, typeIds, offsets, decoded, decodedWhole } of cases) {
    const encoding = tokenizer.encode(text, pair === undefined ? {} : { pair });
    const found = {
      text,
      ids: [...encoding.ids],
      typeIds: [...encoding.typeIds],
      offsets: offsets === null ? null : [...encoding.offsets],
      decoded: tokenizer.decode(encoding.ids),
      decodedWhole: tokenizer.decode(encoding.ids, { skipSpecialTokens: false }),
    };
    expect(found).toEqual({ text, ids, typeIds, offsets, decoded, decodedWhole });
  }
};

describe('against the Rust tokenizers (golden)', () => {
  it.each(pipelines)('$name: ids, types, offsets and text are equal', ({ tokenizer, cases }) => {
    check(parseTokenizerJson(tokenizer), cases);
  });

  it.each(pipelines)('$name: the same after writing and reading', ({ tokenizer, cases }) => {
    const written = JSON.parse(JSON.stringify(parseTokenizerJson(tokenizer))) as object;
    check(parseTokenizerJson(written), cases);
    expect(JSON.parse(JSON.stringify(parseTokenizerJson(written)))).toEqual(written);
  });

  it.each(behaviors)('a split with $behavior, invert $invert', ({ behavior, invert, results }) => {
    const name = behavior.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()) as SplitBehavior;
    const split = splitPreTokenizer(regexPattern('[-,]', 'test'), name, { invert });
    for (const [text, expected] of Object.entries(results)) {
      const found: number[][] = [];
      split.split(new AlignedText(text, 0), 0, text.length, (_, from, to) => found.push([from, to]) > 0);
      expect({ text, found }).toEqual({ text, found: expected });
    }
  });
});

describe('against SentencePiece (golden)', () => {
  const load = (file: string) => {
    const config = { file: new JsonReader({}, 'tokenizer_config.json'), roles: {}, added: [] };
    return sentencePieceFromFolder(readFileSync(path(file)), file, config);
  };

  it.each(models)('$file: ids and text are equal', ({ file, cases }) => {
    const tokenizer = load(file);
    for (const { text, ids, decoded } of cases) {
      const encoding = tokenizer.encode(text, { addSpecialTokens: false });
      expect({ text, ids: [...encoding.ids] }).toEqual({ text, ids });
      // SentencePiece writes ⁇ for an unknown piece, which we leave out as a special token.
      if (!ids.includes(tokenizer.specialIds.unk!)) {
        expect({ text, decoded: tokenizer.decode(encoding.ids) }).toEqual({ text, decoded });
      }
    }
  });

  it.each(models)('$file: the same as tokenizer.json', ({ file, cases }) => {
    const tokenizer = load(file);
    const restored = parseTokenizerJson(JSON.parse(JSON.stringify(tokenizer)));
    for (const { text } of cases) expect(restored.encode(text)).toEqual(tokenizer.encode(text));
  });
});
