import type { EncoderConfig } from '../encoder/config.js';
import { parseEncoderConfig } from './bert.js';

const sizes = {
  /** Continuous integration: seconds. */
  tiny: {
    num_hidden_layers: 2,
    hidden_size: 128,
    num_attention_heads: 2,
    intermediate_size: 512,
    vocab_size: 4096,
    max_position_embeddings: 128,
  },
  /** One CPU: minutes to hours. */
  mini: {
    num_hidden_layers: 4,
    hidden_size: 256,
    num_attention_heads: 4,
    intermediate_size: 1024,
    vocab_size: 8192,
    max_position_embeddings: 128,
  },
  small: {
    num_hidden_layers: 6,
    hidden_size: 512,
    num_attention_heads: 8,
    intermediate_size: 2048,
    vocab_size: 21128,
    max_position_embeddings: 512,
  },
  /** BERT-base with the Chinese vocabulary's size. */
  base: {
    num_hidden_layers: 12,
    hidden_size: 768,
    num_attention_heads: 12,
    intermediate_size: 3072,
    vocab_size: 21128,
    max_position_embeddings: 512,
  },
} as const;

export type EncoderPreset = keyof typeof sizes;

/** Encoder sizes by name. Whoever brings a tokenizer overrides `vocab_size`. */
export const encoderPresets: Readonly<Record<EncoderPreset, EncoderConfig>> = {
  tiny: parseEncoderConfig(sizes.tiny),
  mini: parseEncoderConfig(sizes.mini),
  small: parseEncoderConfig(sizes.small),
  base: parseEncoderConfig(sizes.base),
};
