import { type Issue, ValidationError } from '@zooid/common';
import type { Activation } from '../activation.js';
import {
  activation,
  boolean,
  type FieldRules,
  layerCount,
  nonNegativeInteger,
  positiveInteger,
  positiveNumber,
  rate,
  readFields,
  show,
} from './fields.js';

/**
 * What shapes an encoder, in the words of BERT's `config.json`. Families whose files use other words (DistilBERT's
 * `dim`, `n_heads`) are read into the same ones, so that heads and methods need to know only these.
 */
export interface EncoderConfig {
  /** The family; absent: `bert`. */
  readonly model_type?: string;
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: Activation;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** Rows of the position table; `longestSequence` tells how many tokens they serve. */
  readonly max_position_embeddings: number;
  /** Rows of the segment table: with 0 there is none, with 1 its row is added to every token. */
  readonly type_vocab_size: number;
  readonly layer_norm_eps: number;
  /** Standard deviation of initial matrices and embeddings. */
  readonly initializer_range: number;
  readonly pad_token_id: number;
  /** Width of the embedding tables where they have their own (ELECTRA, ALBERT). */
  readonly embedding_size?: number;
  /** ALBERT: sets of weights that the layers share among them. */
  readonly num_hidden_groups?: number;
  /** ALBERT: layers that run one after the other each time a group is used. */
  readonly inner_group_num?: number;
  /** Before a classifier; absent: `hidden_dropout_prob`. */
  readonly classifier_dropout?: number;
  /** Width of the bottleneck adapters in every layer; absent: there are none. Zooid's own field. */
  readonly adapter_size?: number;
  /** Positions of the trained prefix that every attention sees before its tokens; absent or 0: none. Zooid's own field. */
  readonly prefix_length?: number;
  /** `false`: a vocabulary head has a matrix of its own instead of the word table. */
  readonly tie_word_embeddings?: boolean;
}

/** How BERT's `config.json` is read; other families change single rules. */
export const bertFields = {
  vocab_size: { check: positiveInteger },
  hidden_size: { check: positiveInteger },
  num_hidden_layers: { check: layerCount },
  num_attention_heads: { check: positiveInteger },
  intermediate_size: { check: positiveInteger },
  hidden_act: { check: activation, fallback: 'gelu' },
  hidden_dropout_prob: { check: rate, fallback: 0.1 },
  attention_probs_dropout_prob: { check: rate, fallback: 0.1 },
  max_position_embeddings: { check: positiveInteger, fallback: 512 },
  type_vocab_size: { check: positiveInteger, fallback: 2 },
  layer_norm_eps: { check: positiveNumber, fallback: 1e-12 },
  initializer_range: { check: positiveNumber, fallback: 0.02 },
  pad_token_id: { check: nonNegativeInteger, fallback: 0 },
  classifier_dropout: { check: rate, optional: true },
  tie_word_embeddings: { check: boolean, optional: true },
  adapter_size: { check: positiveInteger, optional: true },
  prefix_length: { check: nonNegativeInteger, optional: true },
} as const satisfies FieldRules<EncoderConfig>;

/**
 * Reads the encoder's part of a `config.json`. Optional fields take the values that Hugging Face gives them; fields
 * that are not the encoder's are left alone. A `null` counts as absent.
 *
 * @param constraints what else must hold of fields that are each right by themselves
 * @throws ValidationError listing every field that is missing or wrong, and settings that would change the network
 * in ways it does not implement (relative positions, decoders).
 */
export function readEncoderConfig(
  config: unknown,
  rules: FieldRules<EncoderConfig>,
  constraints: (values: EncoderConfig) => readonly Issue[] = () => [],
): EncoderConfig {
  const subject = 'encoder config';
  const { values, issues: found, given } = readFields<EncoderConfig>(subject, config, rules);
  const key = (field: keyof EncoderConfig) => rules[field]?.key ?? field;
  const issues = [...found];
  if (issues.length === 0) {
    if (values.hidden_size % values.num_attention_heads !== 0) {
      issues.push({
        path: `/${key('num_attention_heads')}`,
        message: `must divide ${key('hidden_size')} ${values.hidden_size}, got ${values.num_attention_heads}`,
      });
    }
    if (values.pad_token_id >= values.vocab_size) {
      issues.push({
        path: `/${key('pad_token_id')}`,
        message: `must be below ${key('vocab_size')} ${values.vocab_size}, got ${values.pad_token_id}`,
      });
    }
    issues.push(...constraints(values));
  }
  const positions = given.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    issues.push({ path: '/position_embedding_type', message: `must be 'absolute', got ${show(positions)}` });
  }
  if (given.is_decoder === true)
    issues.push({ path: '/is_decoder', message: 'must be false: this network is an encoder' });
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return values;
}

/** Width of the word, position and segment tables. */
export function embeddingWidth(config: EncoderConfig): number {
  return config.embedding_size ?? config.hidden_size;
}
