import { bertFields, type EncoderConfig, readEncoderConfig } from '../encoder/config.js';
import type { EncoderOutput } from '../encoder/encoder.js';
import { defineFamily } from '../encoder/family.js';
import type { EncoderHooks, EncoderInputs } from '../encoder/hooks.js';
import type { ModuleContext } from '../module-context.js';
import { bertLayer } from './bert-layer.js';

/** @see Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers" */
export const bert = defineFamily({
  modelType: 'bert',
  className: 'Bert',
  prefix: 'bert',
  layersPath: 'encoder',
  positions: 'from-zero',
  pooler: 'pooler.dense',
  layer: bertLayer,
  sequenceClassifier: { output: 'classifier' },
  vocabularyHead: {
    dense: 'cls.predictions.transform.dense',
    layerNorm: 'cls.predictions.transform.LayerNorm',
    bias: 'cls.predictions.bias',
    decoder: 'cls.predictions.decoder',
  },
  dropoutKeys: ['hidden_dropout_prob', 'attention_probs_dropout_prob'],
  parse: parseEncoderConfig,
});

/**
 * Reads the encoder's part of a BERT `config.json`. Optional fields take the values that Hugging Face gives them; fields
 * that are not the encoder's are left alone. A `null` counts as absent.
 *
 * @throws ValidationError listing every field that is missing or wrong, and settings that would change the network
 * in ways it does not implement (relative positions, decoders).
 */
export function parseEncoderConfig(config: unknown): EncoderConfig {
  return readEncoderConfig(config, bertFields);
}

/** Emits a BERT encoder under the prefix `bert.`, with the parameter names and layouts of Hugging Face's `BertModel`. */
export function bertEncoder(
  context: ModuleContext,
  config: EncoderConfig,
  inputs: EncoderInputs = {},
  hooks: EncoderHooks = {},
): EncoderOutput {
  return bert.build(context, config, inputs, hooks);
}
