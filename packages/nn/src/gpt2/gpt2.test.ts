import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from '../graph-builder.js';
import { causalLanguageModelHead } from '../heads/causal-language-model.js';
import { parseGpt2Config } from './config.js';
import { gpt2Decoder } from './decoder.js';

const sizes = { vocab_size: 50, n_embd: 8, n_layer: 2, n_head: 2 };

function issuesOf(config: unknown) {
  try {
    parseGpt2Config(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues;
  }
  throw new Error('the config was accepted');
}

describe('parseGpt2Config', () => {
  it("fills in Hugging Face's defaults", () => {
    expect(parseGpt2Config({ ...sizes, n_inner: null })).toEqual({
      model_type: 'gpt2',
      ...sizes,
      n_positions: 1024,
      activation_function: 'gelu_new',
      embd_pdrop: 0.1,
      attn_pdrop: 0.1,
      resid_pdrop: 0.1,
      layer_norm_epsilon: 1e-5,
      initializer_range: 0.02,
      scale_attn_weights: true,
      scale_attn_by_inverse_layer_idx: false,
      tie_word_embeddings: true,
    });
  });

  it('lists every field that is missing or wrong', () => {
    const config = { n_embd: 8, n_layer: 2e9, n_head: 2, scale_attn_weights: 'yes', add_cross_attention: true };
    expect(issuesOf(config).map(({ path }) => path)).toEqual([
      '/vocab_size',
      '/n_layer',
      '/scale_attn_weights',
      '/add_cross_attention',
    ]);
    expect(issuesOf({ ...sizes, n_head: 3 })[0]?.message).toBe('must divide n_embd 8, got 3');
  });
});

describe('gpt2Decoder', () => {
  it('keeps symbolic shapes and drops where GPT-2 does', () => {
    const builder = new GraphBuilder({ training: true });
    const config = parseGpt2Config({ ...sizes, n_layer: 1 });
    const decoder = gpt2Decoder(builder, config);
    expect(decoder.hiddenStates.map(({ shape }) => shape)).toEqual(Array(2).fill(['batch', 'sequence', 8]));
    expect(builder.dropouts.map(({ name, shape }) => `${name} [${shape.join()}]`)).toEqual([
      'dropout:transformer [batch,sequence,8]',
      'dropout:transformer.h.0.attn.probabilities [batch,2,sequence,sequence]',
      'dropout:transformer.h.0.attn [batch,sequence,8]',
      'dropout:transformer.h.0.mlp [batch,sequence,8]',
    ]);
  });

  it('has a head of its own only when the word table is not tied', () => {
    const names = (tie: boolean) => {
      const builder = new GraphBuilder();
      const config = parseGpt2Config({ ...sizes, tie_word_embeddings: tie });
      causalLanguageModelHead(builder, config, gpt2Decoder(builder, config).lastHiddenState);
      return builder.parameters.map(({ name }) => name);
    };
    expect(names(true)).not.toContain('lm_head.weight');
    expect(names(false).at(-1)).toBe('lm_head.weight');
  });
});
