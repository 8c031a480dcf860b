import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { encoderFamily } from '@zooid/nn';
import {
  copyTokenizerFiles,
  loadTokenizer,
  newTokenizerFiles,
  type Tokenizer,
  tokenizerFromVocab,
  trainWordPiece,
  unitsOf,
} from '@zooid/tokenizers';
import type { PrepareContext, PreparedTask, TrainingTask } from '@zooid/trainer';
import { parseExample, type SegmentationExample } from './example.js';
import { isFastConfig } from './fast/fast-config.js';
import { prepareFast, restoreFast } from './fast/fast-task.js';
import { BigramVocabulary } from './features/bigrams.js';
import { tagRows, tagToken, UNKNOWN_TAG } from './features/tags.js';
import { Dictionary } from './lexicon/dictionary.js';
import { readWordLists } from './lexicon/word-lists.js';
import { type TrainingWords, withoutSpace } from './metrics.js';
import type { SegmentationOptions } from './options.js';
import { PreparedSegmentation } from './prepared-segmentation.js';
import { readSides, readTrainingWords, type SideKnowledge } from './section-files.js';
import { mergeOptions, parseOptions, segmentationConfigOf } from './segmentation-config.js';
import { windowsOf } from './windows.js';

/** Makes segmentation trainable by any method. */
export const segmentationTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseOptions(options)),

  async prepare(examples: readonly SegmentationExample[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseOptions(context.options);
    const granularities = granularitiesOf(examples, options);
    if (options.network === 'fast') return prepareFast(examples, options, granularities);
    const corpora = [...new Set(examples.flatMap(({ corpus }) => corpus ?? []))].sort();
    const corpusTags = corpora.length === 0 ? [] : [...corpora, UNKNOWN_TAG].map(corpusTag);
    const tagNames = [...granularities, UNKNOWN_TAG, ...corpusTags];
    const { baseFolder } = context;
    const isNew = baseFolder === undefined;
    const tokenizer = isNew ? trainTokenizer(examples, options, tagNames) : await loadTokenizer(baseFolder);
    const encoderConfig = isNew ? { ...context.encoderConfig, vocab_size: tokenizer.vocabSize } : context.encoderConfig;
    const family = encoderFamily(encoderConfig);
    const rows = tagRows(tokenizer, tagNames);
    const rowsOf = (names: readonly string[], tag: (name: string) => string) =>
      Object.fromEntries(names.map((name) => [name, rows[tag(name)]!]));
    return new PreparedSegmentation({
      encoderConfig,
      segmentation: {
        options,
        granularities,
        corpora,
        granularityRows: rowsOf([...granularities, UNKNOWN_TAG], (name) => name),
        corpusRows: corpora.length === 0 ? {} : rowsOf([...corpora, UNKNOWN_TAG], corpusTag),
      },
      tokenizer,
      tokenizerFiles: isNew
        ? newTokenizerFiles(tokenizer, { maxLength: family.longestSequence(family.parse(encoderConfig)) })
        : await copyTokenizerFiles(baseFolder, tokenizer),
      sides: await learnSides(examples, options, context.resources),
      trainingWords: trainingWordsOf(examples, granularities),
    });
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    if (isFastConfig(config)) return restoreFast(folder, config, overrides);
    const saved = segmentationConfigOf(config);
    const options = mergeOptions(saved.options, overrides);
    const tokenizer = await loadTokenizer(folder);
    return new PreparedSegmentation({
      encoderConfig: config,
      segmentation: { ...saved, options },
      tokenizer,
      tokenizerFiles: await copyTokenizerFiles(folder, tokenizer),
      sides: await readSides(folder, options),
      trainingWords: await readTrainingWords(folder),
    });
  },
};

const corpusTag = (name: string): string => `corpus:${name}`;

/** Those that the training texts have words of: in the order of the options, or of a criterion field by name. */
function granularitiesOf(examples: readonly SegmentationExample[], options: SegmentationOptions): string[] {
  const present = new Set(examples.flatMap(({ words }) => [...words.keys()]));
  const named = options.criterionField === undefined ? Object.keys(options.granularities) : [...present].sort();
  const missing = named.filter((name) => !present.has(name));
  if (missing.length > 0) {
    throw new ValidationError(
      'training data',
      missing.map((name) => ({
        path: `/${options.granularities[name]}`,
        message: `is in no record, so '${name}' cannot be learned; leave it out of options.granularities`,
      })),
    );
  }
  return named;
}

/** Single characters, and word pieces of everything that is not Chinese; tags have tokens of their own. */
function trainTokenizer(
  examples: readonly SegmentationExample[],
  { tokenizer: { vocabSize, minFrequency, lowercase } }: SegmentationOptions,
  tagNames: readonly string[],
): Tokenizer {
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...tagNames.map(tagToken)];
  const texts = examples.map(({ text }) => text);
  const vocab = trainWordPiece(texts, { vocabSize, minFrequency, lowercase, specialTokens: special });
  return tokenizerFromVocab(vocab, { lowercase });
}

/** @throws ValidationError when a word list is no resource of the recipe, or cannot be used. */
async function learnSides(
  examples: readonly SegmentationExample[],
  options: SegmentationOptions,
  resources: PrepareContext['resources'],
): Promise<SideKnowledge> {
  const { fusion, lexicon } = options;
  const isWanted = lexicon.resources.length > 0;
  if (fusion !== 'none') {
    const words = isWanted ? await readWordLists(lexicon, resources) : [];
    return {
      bigrams: countBigrams(examples, options),
      lexicon: isWanted ? new Dictionary(words.map((surface) => ({ surface }))) : undefined,
    };
  }
  if (!isWanted) return { bigrams: undefined, lexicon: undefined };
  const message = "needs a fusion of pairs and lexicon with the encoder's states: add, linear or gated";
  throw new ValidationError('options of app segmentation', [{ path: '/fusion', message }]);
}

function countBigrams(examples: readonly SegmentationExample[], { maxUnits, bigrams }: SegmentationOptions) {
  const windows = examples.flatMap(({ text }) => {
    const units = unitsOf(text);
    return Array.from(windowsOf(units, maxUnits), (window) => [units, window] as const);
  });
  return BigramVocabulary.count(windows, bigrams);
}

function trainingWordsOf(examples: readonly SegmentationExample[], granularities: readonly string[]): TrainingWords {
  return new Map(
    granularities.map((name) => [
      name,
      new Set(examples.flatMap(({ words }) => (words.get(name) ?? []).map(withoutSpace))),
    ]),
  );
}
