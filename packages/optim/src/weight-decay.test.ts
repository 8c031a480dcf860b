import { expect, it } from 'vitest';
import { hasWeightDecay } from './weight-decay.js';

it.each<[string, number[]]>([
  ['bert.embeddings.word_embeddings.weight', [100, 8]],
  ['bert.encoder.layer.0.attention.self.query.weight', [8, 8]],
  ['classifier.weight', [3, 8]],
  ['slots.attention.query', [8]],
  ['fusion.layer_norm_projection.weight', [8, 8]],
])('%s decays', (name, shape) => {
  expect(hasWeightDecay(name, shape)).toBe(true);
});

it.each<[string, number[]]>([
  ['bert.encoder.layer.0.attention.self.query.bias', [8]],
  ['cls.predictions.bias', [100]],
  ['rnn.bias_ih_l0', [32]],
  ['attention.in_proj_bias', [24]],
  ['bert.embeddings.LayerNorm.weight', [8]],
  ['bert.embeddings.LayerNorm.gamma', [8]],
  ['transformer.h.0.ln_1.weight', [8]],
  ['transformer.ln_f.weight', [8]],
  ['encoder.block.0.layer_norm.weight', [8]],
  ['model.layers.0.input_layernorm.weight', [8]],
  ['layers.0.norm1.weight', [8]],
  ['model.norm.weight', [8]],
  ['gate.temperature', []],
])('%s does not decay', (name, shape) => {
  expect(hasWeightDecay(name, shape)).toBe(false);
});
