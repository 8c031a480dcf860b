import { bertFields, readEncoderConfig } from '../encoder/config.js';
import { defineFamily } from '../encoder/family.js';
import { emitLayer, type LayerNames } from '../encoder/layer.js';

const names: LayerNames = {
  attention: 'attention',
  query: 'q_lin',
  key: 'k_lin',
  value: 'v_lin',
  attentionOutput: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  intermediate: 'ffn.lin1',
  output: 'ffn.lin2',
  outputDropout: 'ffn',
  outputNorm: 'output_layer_norm',
};

const fields = {
  ...bertFields,
  hidden_size: { ...bertFields.hidden_size, key: 'dim' },
  num_hidden_layers: { ...bertFields.num_hidden_layers, key: 'n_layers' },
  num_attention_heads: { ...bertFields.num_attention_heads, key: 'n_heads' },
  intermediate_size: { ...bertFields.intermediate_size, key: 'hidden_dim' },
  hidden_act: { ...bertFields.hidden_act, key: 'activation' },
  hidden_dropout_prob: { ...bertFields.hidden_dropout_prob, key: 'dropout' },
  attention_probs_dropout_prob: { ...bertFields.attention_probs_dropout_prob, key: 'attention_dropout' },
  classifier_dropout: { ...bertFields.classifier_dropout, key: 'seq_classif_dropout', fallback: 0.2 },
  // The network has no segments, and its epsilon is written into the model's code.
  type_vocab_size: { constant: 0 },
  layer_norm_eps: { constant: 1e-12 },
};

/**
 * BERT without segments and pooler, under names of its own.
 *
 * @see Sanh et al. 2019, "DistilBERT, a distilled version of BERT"
 */
export const distilbert = defineFamily({
  modelType: 'distilbert',
  className: 'DistilBert',
  prefix: 'distilbert',
  layersPath: 'transformer',
  positions: 'from-zero',
  layer: (index) => ({
    path: `layer.${index}`,
    emit: (context, hidden, environment) => emitLayer(context, hidden, environment, names),
  }),
  sequenceClassifier: {
    dense: { path: 'pre_classifier', activation: 'relu', dropout: false },
    output: 'classifier',
  },
  tokenClassifierDropout: ({ hidden_dropout_prob }) => hidden_dropout_prob,
  vocabularyHead: {
    dense: 'vocab_transform',
    layerNorm: 'vocab_layer_norm',
    bias: 'vocab_projector.bias',
    decoder: 'vocab_projector',
  },
  dropoutKeys: ['dropout', 'attention_dropout'],
  parse: (config) => ({ model_type: 'distilbert', ...readEncoderConfig(config, fields) }),
});
