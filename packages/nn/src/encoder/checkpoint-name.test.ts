import { describe, expect, it } from 'vitest';
import { encoderFamily } from '../families/registry.js';

const canonical = (modelType: string, name: string) => encoderFamily({ model_type: modelType }).canonicalName(name);

describe('canonicalName', () => {
  it.each([
    ['bert', 'embeddings.word_embeddings.weight', 'bert.embeddings.word_embeddings.weight'],
    ['bert', 'encoder.layer.0.output.dense.bias', 'bert.encoder.layer.0.output.dense.bias'],
    ['bert', 'pooler.dense.weight', 'bert.pooler.dense.weight'],
    ['bert', 'bert.embeddings.LayerNorm.gamma', 'bert.embeddings.LayerNorm.weight'],
    ['bert', 'bert.embeddings.LayerNorm.beta', 'bert.embeddings.LayerNorm.bias'],
    ['bert', 'module.bert.pooler.dense.bias', 'bert.pooler.dense.bias'],
    ['bert', 'cls.predictions.bias', 'cls.predictions.bias'],
    ['bert', 'classifier.weight', 'classifier.weight'],
    ['roberta', 'bert.encoder.layer.1.output.dense.bias', 'roberta.encoder.layer.1.output.dense.bias'],
    ['roberta', 'embeddings.LayerNorm.bias', 'roberta.embeddings.LayerNorm.bias'],
    ['xlm-roberta', 'encoder.layer.0.output.dense.bias', 'roberta.encoder.layer.0.output.dense.bias'],
    ['distilbert', 'transformer.layer.0.ffn.lin1.weight', 'distilbert.transformer.layer.0.ffn.lin1.weight'],
    ['distilbert', 'encoder.layer.0.output.dense.bias', 'encoder.layer.0.output.dense.bias'],
    ['electra', 'embeddings_project.weight', 'electra.embeddings_project.weight'],
    ['albert', 'pooler.weight', 'albert.pooler.weight'],
    ['albert', 'encoder.embedding_hidden_mapping_in.bias', 'albert.encoder.embedding_hidden_mapping_in.bias'],
  ])('of %s takes %s for %s', (modelType, name, expected) => {
    expect(canonical(modelType, name)).toBe(expected);
  });

  it('leaves gamma and beta of other modules alone', () => {
    expect(canonical('bert', 'fusion.gamma')).toBe('fusion.gamma');
  });
});
