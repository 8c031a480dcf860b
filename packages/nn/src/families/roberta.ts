import { bertFields, readEncoderConfig } from '../encoder/config.js';
import { defineFamily, type EncoderFamily } from '../encoder/family.js';
import { bertLayer } from './bert-layer.js';

/**
 * BERT's layers; positions count from the row after the padding's, and padding is told by its id.
 *
 * @see Liu et al. 2019, "RoBERTa: A Robustly Optimized BERT Pretraining Approach"
 */
export const roberta = robertaFamily('roberta', 'Roberta');

/** Conneau et al. 2020, "Unsupervised Cross-lingual Representation Learning at Scale": RoBERTa on other text. */
export const xlmRoberta = robertaFamily('xlm-roberta', 'XLMRoberta');

/** Martin et al. 2020, "CamemBERT: a Tasty French Language Model": RoBERTa on other text. */
export const camembert = robertaFamily('camembert', 'Camembert');

function robertaFamily(modelType: string, className: string): EncoderFamily {
  return defineFamily({
    modelType,
    className,
    prefix: 'roberta',
    otherPrefixes: ['bert'],
    layersPath: 'encoder',
    positions: 'after-padding',
    pooler: 'pooler.dense',
    layer: bertLayer,
    sequenceClassifier: {
      dense: { path: 'classifier.dense', activation: 'tanh', dropout: true },
      output: 'classifier.out_proj',
    },
    vocabularyHead: {
      dense: 'lm_head.dense',
      layerNorm: 'lm_head.layer_norm',
      bias: 'lm_head.bias',
      decoder: 'lm_head.decoder',
      activation: 'gelu',
    },
    dropoutKeys: ['hidden_dropout_prob', 'attention_probs_dropout_prob'],
    parse(config) {
      const fields = { ...bertFields, pad_token_id: { ...bertFields.pad_token_id, fallback: 1 } };
      const parsed = readEncoderConfig(config, fields, ({ max_position_embeddings: rows, pad_token_id: pad }) =>
        rows > pad + 1
          ? []
          : [{ path: '/max_position_embeddings', message: `must exceed pad_token_id + 1 = ${pad + 1}, got ${rows}` }],
      );
      return { model_type: modelType, ...parsed };
    },
  });
}
