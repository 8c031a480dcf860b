import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import { encoderFamily } from '@zooid/nn';
import { TagSet } from '@zooid/tagging';
import {
  copyTokenizerFiles,
  loadTokenizer,
  newTokenizerFiles,
  type Tokenizer,
  tokenizerFromVocab,
  trainWordPiece,
} from '@zooid/tokenizers';
import type { PrepareContext, PreparedTask, TrainingTask } from '@zooid/trainer';
import { parseExample } from './example.js';
import { TokenClassificationOptions } from './options.js';
import { PreparedTagging } from './prepared-tagging.js';
import { mergeOptions, parseOptions, type TaggerConfig, taggerConfigOf } from './tagger-config.js';
import type { TaggedText } from './token-records.js';

/** Makes token classification trainable by any method. */
export const tokenClassificationTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseOptions(options)),

  async prepare(examples: readonly TaggedText[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseOptions(context.options);
    const { baseFolder, encoderConfig } = context;
    const tagSet = TagSet.of(typesOf(examples, options), options.scheme);
    const isNew = baseFolder === undefined;
    const tokenizer = isNew ? trainTokenizer(examples, options) : await loadTokenizer(baseFolder);
    const config = isNew ? { ...encoderConfig, vocab_size: tokenizer.vocabSize } : encoderConfig;
    const family = encoderFamily(config);
    const maxLength = family.longestSequence(family.parse(config));
    return new PreparedTagging({
      encoderConfig: config,
      tagger: { tagSet, decoder: options.decoder, options },
      options,
      tokenizer,
      tokenizerFiles: isNew
        ? newTokenizerFiles(tokenizer, { maxLength })
        : await copyTokenizerFiles(baseFolder, tokenizer),
    });
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const saved = taggerConfigOf(config);
    const options = mergeOptions(saved.options ?? foreignOptions(saved), overrides);
    refuseOtherScheme(saved, options, folder);
    const tokenizer = await loadTokenizer(folder);
    return new PreparedTagging({
      encoderConfig: config,
      tagger: { ...saved, decoder: options.decoder, options },
      options,
      tokenizer,
      tokenizerFiles: await copyTokenizerFiles(folder, tokenizer),
    });
  },
};

/** For a tagger that another library trained. */
function foreignOptions({ tagSet }: TaggerConfig): TokenClassificationOptions {
  const scheme = tagSet.scheme === 'BIES' ? 'BIES' : 'BIO';
  return Object.assign(new TokenClassificationOptions(), { scheme });
}

/** The labels of a trained model are what they are. */
function refuseOtherScheme({ tagSet }: TaggerConfig, { scheme }: TokenClassificationOptions, folder: string): void {
  if (tagSet.scheme === scheme) return;
  const found = tagSet.scheme === 'IO' ? 'labels without a beginning (B-…)' : `labels in ${tagSet.scheme}`;
  const message = `is ${scheme}, but the model in ${folder} has ${found}; train without train.keepHead, or set ${tagSet.scheme}`;
  throw new ValidationError('options of app token-classification', [{ path: '/scheme', message }]);
}

/** Every type of the training split, by code unit. */
function typesOf(examples: readonly TaggedText[], { entitiesField }: TokenClassificationOptions): string[] {
  const types = [...new Set(examples.flatMap(({ entities }) => entities.map(({ type }) => type)))].sort();
  if (types.length > 0) return types;
  throw new ValidationError('training data', [
    { path: `/${entitiesField}`, message: 'needs at least one span, found none' },
  ]);
}

/** Characters of Chinese and word pieces of everything else, from the training texts. */
function trainTokenizer(examples: readonly TaggedText[], { tokenizer }: TokenClassificationOptions): Tokenizer {
  const texts = examples.map(({ text }) => text);
  return tokenizerFromVocab(trainWordPiece(texts, { ...tokenizer }), { lowercase: tokenizer.lowercase });
}
