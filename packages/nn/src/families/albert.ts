import type { Issue } from '@zooid/common';
import { bertFields, type EncoderConfig, readEncoderConfig } from '../encoder/config.js';
import { defineFamily } from '../encoder/family.js';
import { layerCount, positiveInteger } from '../encoder/fields.js';
import type { LayerModule } from '../encoder/hooks.js';
import { emitLayer, type LayerNames } from '../encoder/layer.js';

const names: LayerNames = {
  attention: 'attention',
  query: 'query',
  key: 'key',
  value: 'value',
  attentionOutput: 'attention.dense',
  attentionDropout: 'attention.dense',
  attentionNorm: 'attention.LayerNorm',
  intermediate: 'ffn',
  output: 'ffn_output',
  outputNorm: 'full_layer_layer_norm',
};

const fields = {
  ...bertFields,
  hidden_act: { ...bertFields.hidden_act, fallback: 'gelu_new' },
  hidden_dropout_prob: { ...bertFields.hidden_dropout_prob, fallback: 0 },
  attention_probs_dropout_prob: { ...bertFields.attention_probs_dropout_prob, fallback: 0 },
  classifier_dropout: { ...bertFields.classifier_dropout, key: 'classifier_dropout_prob', fallback: 0.1 },
  embedding_size: { check: positiveInteger, fallback: 128 },
  num_hidden_groups: { check: positiveInteger, fallback: 1 },
  inner_group_num: { check: layerCount, fallback: 1 },
};

function constraints(config: EncoderConfig): readonly Issue[] {
  const { num_hidden_groups: groups = 1, inner_group_num: inner = 1, num_hidden_layers: layers } = config;
  const issues: Issue[] = [];
  if (groups > layers)
    issues.push({ path: '/num_hidden_groups', message: `must not exceed num_hidden_layers ${layers}, got ${groups}` });
  const complaint = layerCount(layers * inner);
  if (complaint !== undefined)
    issues.push({ path: '/inner_group_num', message: `times num_hidden_layers ${complaint}, got ${layers * inner}` });
  return issues;
}

/**
 * The group that serves a layer: groups take equal runs of layers. Within one use, the group's own layers run one after
 * the other.
 */
function albertLayer(index: number, config: EncoderConfig): LayerModule {
  const { num_hidden_groups: groups = 1, inner_group_num: inner = 1, num_hidden_layers: layers } = config;
  return {
    path: `albert_layer_groups.${Math.floor((index * groups) / layers)}`,
    emit: (context, hidden, environment) =>
      Array.from({ length: inner }, (_, i) => context.child(`albert_layers.${i}`)).reduce(
        (x, at) => emitLayer(at, x, environment, names),
        hidden,
      ),
  };
}

/**
 * Layers that share their weights, on embeddings narrower than the layers.
 *
 * @see Lan et al. 2020, "ALBERT: A Lite BERT for Self-supervised Learning of Language Representations"
 */
export const albert = defineFamily({
  modelType: 'albert',
  className: 'Albert',
  prefix: 'albert',
  layersPath: 'encoder',
  positions: 'from-zero',
  projection: { path: 'encoder.embedding_hidden_mapping_in', always: true },
  pooler: 'pooler',
  layer: albertLayer,
  sequenceClassifier: { output: 'classifier' },
  vocabularyHead: {
    dense: 'predictions.dense',
    layerNorm: 'predictions.LayerNorm',
    bias: 'predictions.bias',
    decoder: 'predictions.decoder',
  },
  dropoutKeys: ['hidden_dropout_prob', 'attention_probs_dropout_prob'],
  parse: (config) => ({ model_type: 'albert', ...readEncoderConfig(config, fields, constraints) }),
});
