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
} from '@zooid/tokenizers';
import type { PrepareContext, PreparedTask, TrainingTask } from '@zooid/trainer';
import { type ClassifierConfig, classifierConfigOf, mergeOptions, parseOptions } from './classifier-config.js';
import { type ClassifiedExample, parseExample } from './example.js';
import { TextClassificationOptions } from './options.js';
import { PreparedClassification } from './prepared-classification.js';

/** Makes text classification trainable by any method. */
export const textClassificationTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseOptions(options)),

  async prepare(examples: readonly ClassifiedExample[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseOptions(context.options);
    const labels = labelsOf(examples, options);
    const { baseFolder, encoderConfig } = context;
    const tokenizer = baseFolder === undefined ? trainTokenizer(examples, options) : await loadTokenizer(baseFolder);
    const isNew = baseFolder === undefined;
    const config = isNew ? { ...encoderConfig, vocab_size: tokenizer.vocabSize } : encoderConfig;
    const family = encoderFamily(config);
    const maxLength = family.longestSequence(family.parse(config));
    return new PreparedClassification({
      encoderConfig: config,
      classifier: newClassifier(labels, options),
      options,
      tokenizer,
      tokenizerFiles: isNew
        ? newTokenizerFiles(tokenizer, { maxLength })
        : await copyTokenizerFiles(baseFolder, tokenizer),
      classWeights: classWeightsOf(examples, labels, options),
    });
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const saved = classifierConfigOf(config);
    const options = mergeOptions(saved.options ?? foreignOptions(saved), overrides);
    if (options.multiLabel !== saved.multiLabel) {
      throw new ValidationError('options of app text-classification', [
        { path: '/multiLabel', message: `must be ${saved.multiLabel}, as the model in ${folder} was trained` },
      ]);
    }
    const tokenizer = await loadTokenizer(folder);
    return new PreparedClassification({
      encoderConfig: config,
      classifier: { ...saved, options },
      options,
      tokenizer,
      tokenizerFiles: await copyTokenizerFiles(folder, tokenizer),
      classWeights: classWeightsOf([], saved.labels, options),
    });
  },
};

/** For a classifier that another library trained. */
function foreignOptions({ multiLabel }: ClassifierConfig): TextClassificationOptions {
  return Object.assign(new TextClassificationOptions(), { multiLabel });
}

function newClassifier(labels: readonly string[], options: TextClassificationOptions): ClassifierConfig {
  const { multiLabel, threshold = 0.5 } = options;
  return {
    labels,
    multiLabel,
    outputFunction: multiLabel ? 'sigmoid' : 'softmax',
    thresholds: labels.map(() => threshold),
    options,
  };
}

/** Every label of the training split: numbers by value, names by code unit. */
function labelsOf(examples: readonly ClassifiedExample[], options: TextClassificationOptions): string[] {
  const labels = [...new Set(examples.flatMap((example) => example.labels))].sort();
  const { labelField, positiveLabel, classWeights = {} } = options;
  if (labels.length < 2) {
    const message = `needs at least 2 different labels, found ${labels.length}`;
    throw new ValidationError('training data', [{ path: `/${labelField}`, message }]);
  }
  const known = `the training split has ${labels.slice(0, 20).join(', ')}${labels.length > 20 ? ' …' : ''}`;
  const issues = [
    ...(positiveLabel === undefined || labels.includes(positiveLabel)
      ? []
      : [{ path: '/positiveLabel', name: positiveLabel }]),
    ...Object.keys(classWeights).flatMap((name) =>
      labels.includes(name) ? [] : [{ path: `/classWeights/${name}`, name }],
    ),
  ].map(({ path, name }) => ({ path, message: `names '${name}', which is no label: ${known}` }));
  if (issues.length > 0) throw new ValidationError('options of app text-classification', issues);
  return labels.every((label) => /^-?\d+$/.test(label)) ? labels.sort((a, b) => Number(a) - Number(b)) : labels;
}

/** Characters of Chinese and word pieces of everything else, from the training texts. */
function trainTokenizer(examples: readonly ClassifiedExample[], { tokenizer }: TextClassificationOptions): Tokenizer {
  const texts = examples.flatMap(({ text, text_pair }) => (text_pair === undefined ? [text] : [text, text_pair]));
  return tokenizerFromVocab(trainWordPiece(texts, { ...tokenizer }), { lowercase: tokenizer.lowercase });
}

/** Named weights, or `(mean count / count)^power` within [0.5, 5]; `undefined` when every class counts alike. */
function classWeightsOf(
  examples: readonly ClassifiedExample[],
  labels: readonly string[],
  { classWeightPower, classWeights }: TextClassificationOptions,
): readonly number[] | undefined {
  if (classWeights !== undefined)
    return labels.map((label) => (Object.hasOwn(classWeights, label) ? classWeights[label]! : 1));
  if (classWeightPower === 0 || examples.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const { labels: gold } of examples) counts.set(gold[0]!, (counts.get(gold[0]!) ?? 0) + 1);
  const mean = examples.length / labels.length;
  return labels.map((label) => Math.min(5, Math.max(0.5, (mean / counts.get(label)!) ** classWeightPower)));
}
