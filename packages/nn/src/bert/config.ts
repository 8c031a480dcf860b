import { type Issue, ValidationError } from '@zooid/common';
import { type Activation, activations } from '../activation.js';

/** The fields of a BERT `config.json` that shape the network, under their Hugging Face names. */
export interface EncoderConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: Activation;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  /** Longest sequence the position table serves. */
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly layer_norm_eps: number;
  /** Standard deviation of initial matrices and embeddings. */
  readonly initializer_range: number;
  readonly pad_token_id: number;
}

const defaults = {
  hidden_act: 'gelu',
  hidden_dropout_prob: 0.1,
  attention_probs_dropout_prob: 0.1,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  layer_norm_eps: 1e-12,
  initializer_range: 0.02,
  pad_token_id: 0,
} as const satisfies Partial<EncoderConfig>;

type Check = (value: unknown) => string | undefined;

const positiveInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) > 0 ? undefined : 'must be a positive integer';
const nonNegativeInteger: Check = (value) =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? undefined : 'must be an integer ≥ 0';
const positiveNumber: Check = (value) =>
  typeof value === 'number' && value > 0 && Number.isFinite(value) ? undefined : 'must be a number > 0';
const rate: Check = (value) =>
  typeof value === 'number' && value >= 0 && value < 1 ? undefined : 'must be a number in [0, 1)';
const activation: Check = (value) =>
  typeof value === 'string' && Object.hasOwn(activations, value)
    ? undefined
    : `must be one of ${Object.keys(activations).join(', ')}`;

const checks = {
  vocab_size: positiveInteger,
  hidden_size: positiveInteger,
  num_hidden_layers: positiveInteger,
  num_attention_heads: positiveInteger,
  intermediate_size: positiveInteger,
  hidden_act: activation,
  hidden_dropout_prob: rate,
  attention_probs_dropout_prob: rate,
  max_position_embeddings: positiveInteger,
  type_vocab_size: positiveInteger,
  layer_norm_eps: positiveNumber,
  initializer_range: positiveNumber,
  pad_token_id: nonNegativeInteger,
} as const satisfies Readonly<Record<keyof EncoderConfig, Check>>;

/**
 * Reads the encoder's part of a `config.json`. Optional fields take the values that Hugging Face gives them; fields
 * that are not the encoder's are left alone. A `null` counts as absent.
 *
 * @throws ValidationError listing every field that is missing or wrong, and settings that would change the network
 * in ways it does not implement (relative positions, decoders).
 */
export function parseEncoderConfig(config: unknown): EncoderConfig {
  const subject = 'encoder config';
  if (typeof config !== 'object' || config === null || Array.isArray(config)) {
    throw new ValidationError(subject, [{ path: '', message: 'must be an object such as the content of config.json' }]);
  }
  const given = config as Readonly<Record<string, unknown>>;
  const issues: Issue[] = [];
  const parsed: Record<string, unknown> = {};
  for (const [field, check] of Object.entries(checks)) {
    const value = given[field] ?? (defaults as Readonly<Record<string, unknown>>)[field];
    const complaint = value === undefined ? 'is missing' : check(value);
    if (complaint === undefined) parsed[field] = value;
    else
      issues.push({ path: `/${field}`, message: value === undefined ? complaint : `${complaint}, got ${show(value)}` });
  }
  const result = parsed as unknown as EncoderConfig;
  if (issues.length === 0 && result.hidden_size % result.num_attention_heads !== 0) {
    issues.push({
      path: '/num_attention_heads',
      message: `must divide hidden_size ${result.hidden_size}, got ${result.num_attention_heads}`,
    });
  }
  if (issues.length === 0 && result.pad_token_id >= result.vocab_size) {
    issues.push({
      path: '/pad_token_id',
      message: `must be below vocab_size ${result.vocab_size}, got ${result.pad_token_id}`,
    });
  }
  const positions = given.position_embedding_type ?? 'absolute';
  if (positions !== 'absolute') {
    issues.push({ path: '/position_embedding_type', message: `must be 'absolute', got ${show(positions)}` });
  }
  if (given.is_decoder === true)
    issues.push({ path: '/is_decoder', message: 'must be false: this network is an encoder' });
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return result;
}

function show(value: unknown): string {
  return JSON.stringify(value) ?? String(value);
}
