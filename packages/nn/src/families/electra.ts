import { bertFields, readEncoderConfig } from '../encoder/config.js';
import { defineFamily } from '../encoder/family.js';
import { positiveInteger } from '../encoder/fields.js';
import { bertLayer } from './bert-layer.js';

const fields = { ...bertFields, embedding_size: { check: positiveInteger, fallback: 128 } };

/**
 * BERT without a pooler, whose embeddings may be narrower than its layers.
 *
 * @see Clark et al. 2020, "ELECTRA: Pre-training Text Encoders as Discriminators Rather Than Generators"
 */
export const electra = defineFamily({
  modelType: 'electra',
  className: 'Electra',
  prefix: 'electra',
  otherPrefixes: ['bert'],
  layersPath: 'encoder',
  positions: 'from-zero',
  projection: { path: 'embeddings_project', always: false },
  layer: bertLayer,
  sequenceClassifier: {
    dense: { path: 'classifier.dense', activation: 'gelu', dropout: true },
    output: 'classifier.out_proj',
  },
  vocabularyHead: {
    dense: 'generator_predictions.dense',
    layerNorm: 'generator_predictions.LayerNorm',
    bias: 'generator_lm_head.bias',
    decoder: 'generator_lm_head',
    activation: 'gelu',
  },
  dropoutKeys: ['hidden_dropout_prob', 'attention_probs_dropout_prob'],
  parse: (config) => ({ model_type: 'electra', ...readEncoderConfig(config, fields) }),
});
