import type { Activation } from '../activation.js';
import type { ModuleContext } from '../module-context.js';
import { checkpointName } from './checkpoint-name.js';
import type { EncoderConfig } from './config.js';
import { type EncoderOutput, type EncoderShape, emitEncoder } from './encoder.js';
import type { EncoderHooks, EncoderInputs } from './hooks.js';

/** A classifier on the first token: dropout, then one linear layer on the pooled output, or two on the state. */
export interface SequenceClassifierNames {
  /** Layer before the last; absent: the encoder's pooled output takes its place. */
  readonly dense?: { readonly path: string; readonly activation: Activation; readonly dropout: boolean };
  /** The layer that gives the logits. */
  readonly output: string;
}

/** Scores over the vocabulary: linear layer, activation, LayerNorm, then the product with the word table. */
export interface VocabularyHeadNames {
  readonly dense: string;
  readonly layerNorm: string;
  /** The bias of the scores; the whole parameter name. */
  readonly bias: string;
  /** The layer that takes the word table's place when it is not tied. */
  readonly decoder: string;
  /** Default: the encoder's `hidden_act`. */
  readonly activation?: Activation;
}

export interface FamilyDescription extends EncoderShape {
  /** Its `model_type` in `config.json`. */
  readonly modelType: string;
  /** How the names of its classes begin in Hugging Face transformers: `Bert`. */
  readonly className: string;
  /** Other base prefixes under which checkpoints of this family's shape are found. */
  readonly otherPrefixes?: readonly string[];
  readonly sequenceClassifier: SequenceClassifierNames;
  /** Dropout rate before a token classifier; default: as before any classifier. */
  readonly tokenClassifierDropout?: (config: EncoderConfig) => number;
  readonly vocabularyHead: VocabularyHeadNames;
  /** Names of the two dropout rates in `config.json`. */
  readonly dropoutKeys: readonly [hidden: string, attention: string];
  /** @throws ValidationError listing every field of the `config.json` that is missing or wrong. */
  parse(config: unknown): EncoderConfig;
}

/** One family of encoders, such as RoBERTa: how its files are read, named and built. */
export interface EncoderFamily extends FamilyDescription {
  /** Emits the encoder under this family's names; `config` is what `parse` returned. */
  build(context: ModuleContext, config: EncoderConfig, inputs?: EncoderInputs, hooks?: EncoderHooks): EncoderOutput;
  /**
   * The name a module of ours declares for a tensor of a checkpoint. Takes back what checkpoints vary in: a missing or
   * another base prefix, `module.` of parallel training, `gamma` and `beta` of a LayerNorm.
   */
  canonicalName(name: string): string;
  /** Names of the batch inputs that the encoder takes: without more than one segment it has no `token_type_ids`. */
  inputs(config: EncoderConfig): readonly string[];
  /** The most tokens a row may have: position rows that a token can take. */
  longestSequence(config: EncoderConfig): number;
  /** The `config.json` with one dropout rate everywhere in the encoder. */
  withDropout(config: Readonly<Record<string, unknown>>, rate: number): Readonly<Record<string, unknown>>;
}

export function defineFamily(description: FamilyDescription): EncoderFamily {
  return {
    ...description,
    build(context, config, inputs, hooks) {
      return emitEncoder(description, context, config, inputs, hooks);
    },
    canonicalName(name) {
      return checkpointName(name, description);
    },
    inputs({ type_vocab_size: segments }) {
      return ['input_ids', 'attention_mask', ...(segments > 1 ? ['token_type_ids'] : [])];
    },
    longestSequence({ max_position_embeddings: rows, pad_token_id: pad }) {
      return description.positions === 'from-zero' ? rows : rows - pad - 1;
    },
    withDropout(config, rate) {
      return { ...config, ...Object.fromEntries(description.dropoutKeys.map((key) => [key, rate])) };
    },
  };
}
