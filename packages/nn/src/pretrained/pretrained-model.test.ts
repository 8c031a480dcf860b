import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph-builder.js';
import { isPretrainedModel, pretrainedModel } from './pretrained-model.js';

const config = {
  model_type: 'bert',
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 16,
};
const gpt2 = { model_type: 'gpt2', vocab_size: 50, n_embd: 8, n_layer: 1, n_head: 2 };

function outputsOf(from: Readonly<Record<string, unknown>>) {
  const outputs = pretrainedModel(from).emit(new GraphBuilder());
  return Object.fromEntries(Object.entries(outputs).map(([name, { shape }]) => [name, shape]));
}

describe('pretrainedModel', () => {
  it.each([
    ['BertModel', {}, { last_hidden_state: ['batch', 'sequence', 8] }],
    ['BertForMaskedLM', {}, { logits: ['batch', 'sequence', 50] }],
    ['BertForPreTraining', {}, { logits: ['batch', 'sequence', 50] }],
    ['BertForSequenceClassification', { id2label: { 0: 'a', 1: 'b', 2: 'c' } }, { logits: ['batch', 3] }],
    ['BertForSequenceClassification', {}, { logits: ['batch', 2] }],
    ['BertForTokenClassification', { num_labels: 5 }, { logits: ['batch', 'sequence', 5] }],
    ['ElectraForPreTraining', { model_type: 'electra' }, { logits: ['batch', 'sequence'] }],
    ['GPT2LMHeadModel', gpt2, { logits: ['batch', 'sequence', 50] }],
    ['GPT2Model', gpt2, { last_hidden_state: ['batch', 'sequence', 8] }],
  ])('builds %s of %j', (architecture, fields, outputs) => {
    expect(outputsOf({ ...config, ...fields, architectures: [architecture] })).toEqual(outputs);
  });

  it('builds the base model when no architecture is named', () => {
    expect(Object.keys(outputsOf(config))).toEqual(['last_hidden_state']);
  });

  it.each([
    [{ model_type: 'llama' }, '/model_type must be one of bert, roberta'],
    [{ model_type: undefined }, '/model_type must be one of bert, roberta'],
    [{ architectures: ['BertForQuestionAnswering'] }, '/architectures must name one of BertModel'],
    [{ architectures: ['RobertaModel'] }, '/architectures must name one of BertModel'],
    [{ architectures: ['BertForSequenceClassification'], id2label: {} }, '/id2label must tell at least one label'],
  ])('refuses %j', (change, says) => {
    const build = () => outputsOf({ ...config, ...change });
    expect(build).toThrow(ValidationError);
    expect(build).toThrow(says);
  });

  it('knows cheaply what it can build', () => {
    expect(isPretrainedModel(config)).toBe(true);
    expect(isPretrainedModel(gpt2)).toBe(true);
    for (const other of [{}, { model_type: 'llama' }, { ...config, architectures: ['ZooidForIntentClassification'] }])
      expect(isPretrainedModel(other)).toBe(false);
  });

  it('tells spare tensors of a checkpoint from stray ones', () => {
    const bert = pretrainedModel(config);
    for (const name of [
      'bert.embeddings.position_ids',
      'bert.pooler.dense.bias',
      'cls.seq_relationship.weight',
      'qa_outputs.bias',
    ])
      expect(bert.isSpare(name), name).toBe(true);
    for (const name of ['bert.encoder.layer.7.output.dense.bias', 'fusion.weight', 'optimizer.step'])
      expect(bert.isSpare(name), name).toBe(false);
    const decoder = pretrainedModel(gpt2);
    expect(decoder.isSpare('transformer.h.0.attn.bias')).toBe(true);
    expect(decoder.isSpare('transformer.h.0.attn.c_attn.bias')).toBe(false);
    expect(decoder.canonicalName('h.0.ln_1.weight')).toBe('transformer.h.0.ln_1.weight');
  });
});
