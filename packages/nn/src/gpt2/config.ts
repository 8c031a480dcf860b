import { ValidationError } from '@zooid/common';
import type { Activation } from '../activation.js';
import {
  activation,
  boolean,
  type FieldRules,
  layerCount,
  positiveInteger,
  positiveNumber,
  rate,
  readFields,
  show,
} from '../encoder/fields.js';

/** The fields of a GPT-2 `config.json` that shape the network, under their Hugging Face names. */
export interface Gpt2Config {
  readonly model_type: 'gpt2';
  readonly vocab_size: number;
  /** Rows of the position table: the longest sequence. */
  readonly n_positions: number;
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  /** Width between the two layers of the feed-forward half; absent: four times `n_embd`. */
  readonly n_inner?: number;
  readonly activation_function: Activation;
  readonly embd_pdrop: number;
  readonly attn_pdrop: number;
  readonly resid_pdrop: number;
  readonly layer_norm_epsilon: number;
  readonly initializer_range: number;
  /** Divides the scores by `√d`. */
  readonly scale_attn_weights: boolean;
  /** Divides the scores of layer i, counted from 0, by `i + 1` as well. */
  readonly scale_attn_by_inverse_layer_idx: boolean;
  /** `false`: the language-model head has a matrix of its own instead of the word table. */
  readonly tie_word_embeddings: boolean;
}

const fields: FieldRules<Gpt2Config> = {
  model_type: { constant: 'gpt2' },
  vocab_size: { check: positiveInteger },
  n_positions: { check: positiveInteger, fallback: 1024 },
  n_embd: { check: positiveInteger },
  n_layer: { check: layerCount },
  n_head: { check: positiveInteger },
  n_inner: { check: positiveInteger, optional: true },
  activation_function: { check: activation, fallback: 'gelu_new' },
  embd_pdrop: { check: rate, fallback: 0.1 },
  attn_pdrop: { check: rate, fallback: 0.1 },
  resid_pdrop: { check: rate, fallback: 0.1 },
  layer_norm_epsilon: { check: positiveNumber, fallback: 1e-5 },
  initializer_range: { check: positiveNumber, fallback: 0.02 },
  scale_attn_weights: { check: boolean, fallback: true },
  scale_attn_by_inverse_layer_idx: { check: boolean, fallback: false },
  tie_word_embeddings: { check: boolean, fallback: true },
};

/**
 * Reads a GPT-2 `config.json`, with Hugging Face's defaults.
 *
 * @throws ValidationError listing every field that is missing or wrong, and cross-attention, which is not implemented.
 */
export function parseGpt2Config(config: unknown): Gpt2Config {
  const subject = 'decoder config';
  const { values, issues: found, given } = readFields<Gpt2Config>(subject, config, fields);
  const issues = [...found];
  if (issues.length === 0 && values.n_embd % values.n_head !== 0) {
    issues.push({ path: '/n_head', message: `must divide n_embd ${values.n_embd}, got ${values.n_head}` });
  }
  const cross = given.add_cross_attention ?? false;
  if (cross !== false) issues.push({ path: '/add_cross_attention', message: `must be false, got ${show(cross)}` });
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return values;
}
