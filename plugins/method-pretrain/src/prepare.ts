import { join } from 'node:path';
import { type Logger, ValidationError } from '@zooid/common';
import { readJsonLines } from '@zooid/data';
import { sha256 } from '@zooid/hub';
import { assertBaseVocabulary, encoderFromScratch } from '@zooid/method-kit';
import { type EncoderConfig, parseEncoderConfig } from '@zooid/nn';
import type { DataSplit, TrainingJob } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import { AhoCorasick, copyTokenizerFiles, loadTokenizer, newTokenizerFiles, type Tokenizer } from '@zooid/tokenizers';
import { type TextsOptions, textsOf } from './corpus.js';
import type { MaskingContext } from './masking.js';
import type { PretrainOptions } from './options.js';
import { type TokenRun, TokenStore } from './token-store.js';
import { vocabularyOf } from './vocabulary.js';
import { type WordStarts, wordStartsOf } from './word-starts.js';

export interface PrepareOptions {
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  /** Hears what is being done, for people who wait. */
  readonly stage: (detail: string) => void;
}

/** Everything a job needs before its first step. A function of the job alone, so that a resumed job prepares the same. */
export interface PreparedJob {
  readonly config: EncoderConfig;
  /** `config.json` of the result. */
  readonly modelConfig: Readonly<Record<string, unknown>>;
  readonly tokenizer: Tokenizer;
  /** The tokenizer's files in the model folder: name → content. */
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
  readonly masking: MaskingContext;
  readonly train: TokenStore;
  readonly validation: TokenStore | undefined;
  readonly random: Random;
  /** Digest of tokenizer and corpus; a resumed run must come to the same. */
  readonly digest: string;
}

/** Where a job keeps its tokenized corpus while it runs. */
export const corpusFolder = (job: TrainingJob): string => join(job.output, '.corpus');

/** @throws ValidationError when the recipe, the corpus or the base model cannot be used. */
export async function prepareJob(job: TrainingJob, context: PrepareOptions): Promise<PreparedJob> {
  const options = job.options as PretrainOptions;
  const random = new Random(job.seed);
  const tokenizer = await tokenizerOf(job, options, context);
  const modelConfig = modelConfigOf(job, tokenizer);
  const config = parseEncoderConfig({
    ...modelConfig,
    hidden_dropout_prob: options.dropout,
    attention_probs_dropout_prob: options.dropout,
  });
  if (options.blockLength > config.max_position_embeddings) {
    throw new ValidationError('recipe', [
      {
        path: '/train/blockLength',
        message: `is ${options.blockLength}, but the encoder has ${config.max_position_embeddings} positions (max_position_embeddings)`,
      },
    ]);
  }
  const lexicon = await lexiconOf(job);
  const vocabularyDigest = sha256(JSON.stringify(tokenizer.toJSON()));
  const store = (split: DataSplit, repeat: Readonly<Record<string, number>>) => {
    const texts = { fields: options.textFields, repeat, signal: context.signal };
    const parts = [vocabularyDigest, lexicon?.digest ?? '', split.digest, JSON.stringify([options.textFields, repeat])];
    const startsOf = wordStartsOf(tokenizer, lexicon?.words);
    return openStore(job, split, {
      digest: sha256(parts.join('\n')),
      tokenizer,
      startsOf,
      texts,
      stage: context.stage,
    });
  };
  const train = await store(job.data.train, options.repeat);
  const validation = job.data.validation === undefined ? undefined : await store(job.data.validation, {});
  return {
    config,
    modelConfig,
    tokenizer,
    tokenizerFiles:
      job.base === undefined
        ? newTokenizerFiles(tokenizer, { maxLength: config.max_position_embeddings })
        : await copyTokenizerFiles(job.base.folder, tokenizer),
    masking: maskingOf(tokenizer, options),
    train,
    validation,
    random,
    digest: sha256([vocabularyDigest, lexicon?.digest ?? '', String(train.length)].join('\n')),
  };
}

interface StoreRequest {
  /** Of what the store is made from. */
  readonly digest: string;
  readonly tokenizer: Tokenizer;
  readonly startsOf: WordStarts;
  readonly texts: TextsOptions;
  readonly stage: (detail: string) => void;
}

async function openStore(job: TrainingJob, split: DataSplit, request: StoreRequest): Promise<TokenStore> {
  const { digest, tokenizer, startsOf, texts, stage } = request;
  const path = join(corpusFolder(job), `${split.name}.tokens`);
  const known = await TokenStore.open(path, digest);
  if (known !== undefined) return known;
  async function* runs(): AsyncGenerator<TokenRun> {
    for await (const text of textsOf(split, texts)) {
      const { ids, offsets } = tokenizer.encode(text, { addSpecialTokens: false, parseSpecialTokens: false });
      yield { ids, starts: startsOf(text, ids, offsets) };
    }
  }
  return TokenStore.write(path, digest, runs(), tokenizer.specialIds.sep!, (tokens) =>
    stage(`${split.name}: ${(tokens / 1e6).toFixed(1)}M tokens`),
  );
}

/** The base model's tokenizer, or a WordPiece vocabulary trained on the corpus and kept beside it for a resumed run. */
async function tokenizerOf(job: TrainingJob, options: PretrainOptions, context: PrepareOptions): Promise<Tokenizer> {
  if (job.base !== undefined) {
    await assertBaseVocabulary(job.base);
    return requireSpecial(await loadTokenizer(job.base.folder), job.base.folder);
  }
  const { textFields: fields, repeat, vocabulary } = options;
  const texts = () => textsOf(job.data.train, { fields, repeat, signal: context.signal });
  const { tokenizer, isNew } = await vocabularyOf(join(corpusFolder(job), 'vocabulary.json'), {
    digest: sha256([job.data.train.digest, JSON.stringify([fields, repeat, vocabulary])].join('\n')),
    texts,
    options: vocabulary,
  });
  context.logger.info({ tokens: tokenizer.vocabSize, isNew }, 'vocabulary');
  return tokenizer;
}

function requireSpecial(tokenizer: Tokenizer, folder: string): Tokenizer {
  const missing = (['cls', 'sep', 'mask'] as const).filter((role) => tokenizer.specialIds[role] === undefined);
  if (missing.length === 0) return tokenizer;
  throw new ValidationError(`base model ${folder}`, [
    { path: '', message: `its tokenizer has no ${missing.join(', no ')} token, which masked language modelling needs` },
  ]);
}

function modelConfigOf(job: TrainingJob, tokenizer: Tokenizer): Readonly<Record<string, unknown>> {
  const common = { architectures: ['BertForMaskedLM'], pad_token_id: tokenizer.specialIds.pad ?? 0 };
  if (job.base !== undefined) {
    parseEncoderConfig(job.base.config);
    return { ...job.base.config, ...common };
  }
  return { ...encoderFromScratch(job.recipe, { vocab_size: tokenizer.vocabSize }), ...common };
}

function maskingOf(tokenizer: Tokenizer, { masking }: PretrainOptions): MaskingContext {
  const { cls, sep, mask } = tokenizer.specialIds;
  const special = Object.values(tokenizer.specialIds).filter((id): id is number => id !== undefined);
  return {
    options: masking,
    specialIds: { cls: cls!, sep: sep!, mask: mask! },
    vocabSize: tokenizer.vocabSize,
    special: new Set(special),
  };
}

/** The recipe's resource `words`: JSON Lines with `word`, one a line. */
async function lexiconOf(job: TrainingJob): Promise<{ words: AhoCorasick<unknown>; digest: string } | undefined> {
  const { words: file } = job.data.resources;
  if (file === undefined) return undefined;
  const words: { surface: string; value: undefined }[] = [];
  for await (const line of readJsonLines(file)) {
    if ('issue' in line) throw new ValidationError(`${file}:${line.line}`, [{ path: '', message: line.issue }]);
    const { word } = line.record as { word?: unknown };
    if (typeof word !== 'string' || word === '') {
      throw new ValidationError(`${file}:${line.line}`, [{ path: '/word', message: 'must be a non-empty string' }]);
    }
    words.push({ surface: word, value: undefined });
  }
  return { words: AhoCorasick.build(words), digest: sha256(words.map(({ surface }) => surface).join('\n')) };
}
