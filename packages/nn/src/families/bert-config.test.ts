import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { parseEncoderConfig } from './bert.js';
import { encoderPresets } from './bert-presets.js';

const required = {
  vocab_size: 100,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 128,
};

function issuesOf(config: unknown): readonly { path: string; message: string }[] {
  try {
    parseEncoderConfig(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues;
  }
  throw new Error('the config was accepted');
}

describe('parseEncoderConfig', () => {
  it("fills in Hugging Face's defaults and leaves out what is not the encoder's", () => {
    expect(parseEncoderConfig({ ...required, model_type: 'bert', id2label: { 0: 'a' }, hidden_act: null })).toEqual({
      ...required,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      max_position_embeddings: 512,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      initializer_range: 0.02,
      pad_token_id: 0,
    });
  });

  it('lists every field that is missing or wrong', () => {
    expect(
      issuesOf({
        hidden_size: 64.5,
        num_hidden_layers: '2',
        num_attention_heads: 2,
        intermediate_size: 0,
        hidden_act: 'swish7',
      }),
    ).toEqual([
      { path: '/vocab_size', message: 'is missing' },
      { path: '/hidden_size', message: 'must be a positive integer, got 64.5' },
      { path: '/num_hidden_layers', message: 'must be an integer from 1 to 1000, got "2"' },
      { path: '/intermediate_size', message: 'must be a positive integer, got 0' },
      {
        path: '/hidden_act',
        message:
          'must be one of gelu, gelu_python, gelu_new, gelu_pytorch_tanh, gelu_fast, relu, silu, swish, tanh, got "swish7"',
      },
    ]);
  });

  it.each([
    ['heads that do not divide the width', { num_attention_heads: 3 }, '/num_attention_heads'],
    ['a dropout rate of 1', { hidden_dropout_prob: 1 }, '/hidden_dropout_prob'],
    ['a padding token outside the vocabulary', { pad_token_id: 100 }, '/pad_token_id'],
    ['relative positions', { position_embedding_type: 'relative_key' }, '/position_embedding_type'],
    ['a decoder', { is_decoder: true }, '/is_decoder'],
    ['an epsilon of 0', { layer_norm_eps: 0 }, '/layer_norm_eps'],
  ])('refuses %s', (_what, change, path) => {
    expect(issuesOf({ ...required, ...change }).map((issue) => issue.path)).toEqual([path]);
  });

  it.each([null, [], 'bert', undefined])('refuses %j', (config) => {
    expect(issuesOf(config)[0]?.message).toContain('must be an object');
  });

  it('reads its own presets back', () => {
    for (const preset of Object.values(encoderPresets)) expect(parseEncoderConfig(preset)).toEqual(preset);
  });
});
