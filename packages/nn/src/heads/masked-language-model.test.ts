import { describe, expect, it } from 'vitest';
import { bertEncoder, parseEncoderConfig } from '../families/bert.js';
import { GraphBuilder } from '../graph-builder.js';
import { maskedLanguageModelHead } from './masked-language-model.js';

const config = parseEncoderConfig({
  vocab_size: 11,
  hidden_size: 8,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 12,
  max_position_embeddings: 6,
});

describe('maskedLanguageModelHead', () => {
  it("declares the parameters of Hugging Face's BertForMaskedLM, the word table shared", () => {
    const builder = new GraphBuilder();
    const encoder = bertEncoder(builder, config);
    const before = builder.parameters.length;
    const logits = maskedLanguageModelHead(builder, config, encoder.lastHiddenState);
    expect(logits.shape).toEqual(['batch', 'sequence', 11]);
    expect(builder.parameters.slice(before).map(({ name, shape }) => [name, shape])).toEqual([
      ['cls.predictions.transform.dense.weight', [8, 8]],
      ['cls.predictions.transform.dense.bias', [8]],
      ['cls.predictions.transform.LayerNorm.weight', [8]],
      ['cls.predictions.transform.LayerNorm.bias', [8]],
      ['cls.predictions.bias', [11]],
    ]);
  });

  it('takes positions that were gathered before', () => {
    const builder = new GraphBuilder();
    const states = bertEncoder(builder, config).lastHiddenState;
    const positions = builder.input('masked_positions', 'int64', ['masked']);
    const gathered = states.reshape([-1, 8]).gather(positions);
    expect(maskedLanguageModelHead(builder, config, gathered).shape).toEqual(['masked', 11]);
  });
});
