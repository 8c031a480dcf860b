import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { atOnce } from '@zooid/data';
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
import { parseExample, type SentenceExample } from './example.js';
import { goldOf, IGNORED } from './labels.js';
import type { SentenceBoundaryOptions } from './options.js';
import { PreparedSentences } from './prepared-sentences.js';
import {
  evenThresholds,
  mergeOptions,
  parseOptions,
  type SentenceConfig,
  sentenceConfigOf,
} from './sentence-config.js';
import { passageOf } from './text/passage.js';

/** Makes sentence boundaries trainable by any method. */
export const sentenceBoundaryTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseOptions(options).fields),

  async prepare(examples: readonly SentenceExample[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseOptions(context.options);
    const counts = labelCounts(examples, options);
    refuseUnlabelled(options, counts);
    const { baseFolder } = context;
    const isNew = baseFolder === undefined;
    const tokenizer = isNew ? trainTokenizer(examples, options) : await loadTokenizer(baseFolder);
    const encoderConfig = isNew ? { ...context.encoderConfig, vocab_size: tokenizer.vocabSize } : context.encoderConfig;
    const family = encoderFamily(encoderConfig);
    return new PreparedSentences({
      encoderConfig,
      config: {
        options,
        modes: options.modes,
        marks: options.marks,
        thresholds: evenThresholds,
        ...(options.classWeightPower > 0 && {
          classWeights: { cut: weightsOf(counts.cut, options), punct: weightsOf(counts.punct, options) },
        }),
      },
      tokenizer,
      tokenizerFiles: isNew
        ? newTokenizerFiles(tokenizer, { maxLength: family.longestSequence(family.parse(encoderConfig)) })
        : await copyTokenizerFiles(baseFolder, tokenizer),
    });
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const saved = sentenceConfigOf(config);
    const options = mergeOptions(saved.options, overrides);
    refuseOtherClasses(saved, options, folder);
    const tokenizer = await loadTokenizer(folder);
    return new PreparedSentences({
      encoderConfig: config,
      config: { ...saved, options },
      tokenizer,
      tokenizerFiles: await copyTokenizerFiles(folder, tokenizer),
    });
  },
};

interface LabelCounts {
  readonly cut: readonly number[];
  readonly punct: readonly number[];
}

/** How often each class is a label in the training texts. */
function labelCounts(examples: readonly SentenceExample[], options: SentenceBoundaryOptions): LabelCounts {
  const counts = { cut: [0, 0], punct: [0, ...options.marks.map(() => 0)] };
  for (const { pieces } of examples) {
    for (const piece of pieces) {
      const { cut, punct } = goldOf(atOnce(passageOf(unitsOf(piece.text))), piece, options);
      for (const label of cut) counts.cut[label]!++;
      for (const label of punct) if (label !== IGNORED) counts.punct[label]!++;
    }
  }
  return counts;
}

/** @throws ValidationError naming what the records have nothing of. */
function refuseUnlabelled({ modes, fields, marks }: SentenceBoundaryOptions, { cut, punct }: LabelCounts): void {
  const issues = [];
  if (modes.includes('cut') && cut[1] === 0) {
    issues.push({ path: '/modes', message: 'has cut, but no training text holds the end of a sentence' });
  }
  const unseen = marks.filter((_, i) => punct[i + 1] === 0);
  if (modes.includes('punct') && unseen.length > 0) {
    const message = `has ${unseen.join(' ')}, but no training text has such marks (in ${fields.labels}, or written in ${fields.text}); leave them out, or punct out of modes`;
    issues.push({ path: '/marks', message });
  }
  if (issues.length > 0) throw new ValidationError('options of app sentence-boundary', issues);
}

/** The heads of a trained model are what they are. */
function refuseOtherClasses({ modes, marks }: SentenceConfig, options: SentenceBoundaryOptions, folder: string): void {
  const issues = [
    { path: '/modes', has: modes, wants: options.modes },
    { path: '/marks', has: marks, wants: options.marks },
  ].flatMap(({ path, has, wants }) => {
    if (has.join() === wants.join()) return [];
    const message = `is ${wants.join(' ')}, but the model in ${folder} has ${has.join(' ')}; train without train.keepHead`;
    return [{ path, message }];
  });
  if (issues.length > 0) throw new ValidationError('options of app sentence-boundary', issues);
}

/** Of mean 1 over the labels. */
function weightsOf(counts: readonly number[], { classWeightPower }: SentenceBoundaryOptions): number[] {
  const raw = counts.map((count) => Math.max(1, count) ** -classWeightPower);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const mean = counts.reduce((sum, count, i) => sum + count * raw[i]!, 0) / Math.max(1, total);
  return raw.map((weight) => weight / mean);
}

/** Single characters, and word pieces of everything that is not Chinese. */
function trainTokenizer(
  examples: readonly SentenceExample[],
  { tokenizer: { vocabSize, minFrequency, lowercase } }: SentenceBoundaryOptions,
): Tokenizer {
  const texts = examples.flatMap(({ pieces }) => pieces.map(({ text }) => text));
  return tokenizerFromVocab(trainWordPiece(texts, { vocabSize, minFrequency, lowercase }), { lowercase });
}
