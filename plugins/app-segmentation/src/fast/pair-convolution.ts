import { type Issue, ValidationError } from '@zooid/common';
import {
  convolution,
  defineFamily,
  type EncoderConfig,
  type EncoderFamily,
  type EncoderOutput,
  embedding,
  type ModuleContext,
  paddingBias,
  poolFirstToken,
} from '@zooid/nn';
import { characterRow } from './fast-vocabulary.js';

export const pairConvolutionType = 'pair-convolution';

/** An encoder without attention: characters and pairs of them, under convolutions. */
export interface PairConvolutionConfig extends EncoderConfig {
  /** Rows of the table of pairs. */
  readonly pair_vocab_size: number;
  /** States that each layer sees at once, odd. */
  readonly kernel_sizes: readonly number[];
}

export interface PairConvolutionSizes {
  readonly characters: number;
  readonly pairs: number;
  readonly size: number;
  readonly kernels: readonly number[];
  readonly dropout: number;
}

/** The `config.json` of such an encoder. */
export function pairConvolutionConfig({ characters, pairs, size, kernels, dropout }: PairConvolutionSizes) {
  return {
    model_type: pairConvolutionType,
    vocab_size: characters,
    pair_vocab_size: pairs,
    hidden_size: size,
    kernel_sizes: kernels,
    hidden_dropout_prob: dropout,
    pad_token_id: characterRow.padding,
  };
}

/** Units to either side that its states depend on, beyond the left neighbour of a pair. */
export const reachOf = (kernels: readonly number[]): number =>
  kernels.reduce((sum, kernel) => sum + (kernel - 1) / 2, 0);

const positive = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 0;
const isKernel = (value: unknown): boolean => positive(value) && (value as number) % 2 === 1;

function parse(config: unknown): PairConvolutionConfig {
  const given = (typeof config === 'object' && config !== null ? config : {}) as Readonly<Record<string, unknown>>;
  const issues: Issue[] = ['vocab_size', 'pair_vocab_size', 'hidden_size'].flatMap((key) =>
    positive(given[key]) ? [] : [{ path: `/${key}`, message: 'must be a positive integer' }],
  );
  const kernels = given.kernel_sizes;
  if (!Array.isArray(kernels) || kernels.length === 0 || !kernels.every(isKernel)) {
    issues.push({ path: '/kernel_sizes', message: 'must be a list of odd positive integers' });
  }
  const dropout = given.hidden_dropout_prob ?? 0;
  if (typeof dropout !== 'number' || !(dropout >= 0 && dropout < 1)) {
    issues.push({ path: '/hidden_dropout_prob', message: 'must be a number in [0, 1)' });
  }
  if (issues.length > 0) throw new ValidationError('encoder config', issues);
  const width = given.hidden_size as number;
  return {
    model_type: pairConvolutionType,
    vocab_size: given.vocab_size as number,
    pair_vocab_size: given.pair_vocab_size as number,
    hidden_size: width,
    kernel_sizes: kernels as number[],
    num_hidden_layers: (kernels as number[]).length,
    num_attention_heads: 1,
    intermediate_size: width,
    hidden_act: 'relu',
    hidden_dropout_prob: dropout as number,
    attention_probs_dropout_prob: 0,
    max_position_embeddings: Number.MAX_SAFE_INTEGER,
    type_vocab_size: 0,
    layer_norm_eps: 1e-12,
    initializer_range: 0.02,
    pad_token_id: characterRow.padding,
  };
}

const family = defineFamily({
  modelType: pairConvolutionType,
  className: 'PairConvolution',
  prefix: 'encoder',
  layersPath: 'layers',
  positions: 'from-zero',
  layer: (index, config) => ({
    path: `${index}`,
    emit: (context, hidden) => {
      const kernel = (config as PairConvolutionConfig).kernel_sizes[index]!;
      return hidden.add(convolution(context, hidden, config.hidden_size, kernel).relu());
    },
  }),
  sequenceClassifier: { output: 'classifier' },
  vocabularyHead: { dense: 'head.dense', layerNorm: 'head.LayerNorm', bias: 'head.bias', decoder: 'head.decoder' },
  dropoutKeys: ['hidden_dropout_prob', 'hidden_dropout_prob'],
  parse,
});

/**
 * The fast network: the vector of every character, plus that of the pair it makes with the one before it, under residual
 * convolutions with rectifiers. Padding is row 0 of the characters, so that there is no mask, and it is seen by no one.
 */
export const pairConvolution: EncoderFamily = {
  ...family,
  build: (context, config) => emit(context, config as PairConvolutionConfig),
  inputs: () => ['input_ids', 'pair_ids'],
  longestSequence: () => Number.MAX_SAFE_INTEGER,
};

function emit(context: ModuleContext, config: PairConvolutionConfig): EncoderOutput {
  const { vocab_size: rows, pair_vocab_size: pairRows, hidden_size: width, hidden_dropout_prob: dropout } = config;
  const base = context.child(family.prefix);
  const tokens = ['batch', 'sequence'] as const;
  const inputIds = context.input('input_ids', 'int64', tokens);
  const pairIds = context.input('pair_ids', 'int64', tokens);
  const attentionMask = inputIds.equal(characterRow.padding).not().cast('int64');
  const isUnit = attentionMask.cast('float32').unsqueeze([2]);
  const std = { std: 0.1 };
  const characters = embedding(base.child('characters'), inputIds, rows, width, std);
  const pairs = embedding(base.child('pairs'), pairIds, pairRows, width, std);
  const hiddenStates = [base.dropout(characters.add(pairs), dropout)];
  for (let index = 0; index < config.num_hidden_layers; index++) {
    const { path, emit: layer } = family.layer(index, config);
    const at = base.child(family.layersPath).child(path);
    // What is not there is 0, as beyond the ends of the sequence.
    const seen = hiddenStates.at(-1)!.mul(isUnit);
    const environment = { config, attnBias: isUnit, attnScale: 1 };
    hiddenStates.push(at.dropout(layer(at, seen, environment), dropout));
  }
  const lastHiddenState = hiddenStates.at(-1)!;
  return {
    config,
    inputIds,
    attentionMask,
    get tokenTypeIds() {
      return inputIds.mul(0);
    },
    get attnBias() {
      return paddingBias(attentionMask);
    },
    lastHiddenState,
    hiddenStates,
    pooledOutput: () => poolFirstToken({}, base, config, lastHiddenState),
  };
}
