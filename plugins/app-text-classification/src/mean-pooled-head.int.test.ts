import { bertEncoder, encoderPresets, GraphBuilder } from '@zooid/nn';
import { writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { meanPooledHead } from './mean-pooled-head.js';

describe('meanPooledHead', () => {
  it('reads the mean of the real tokens, whatever stands behind them', async () => {
    const config = { ...encoderPresets.tiny, hidden_size: 2 };
    const builder = new GraphBuilder({
      weights: new Map([
        ['classifier.weight', tensor('float32', [1, 0, 0, 1, 1, 1], [3, 2])],
        ['classifier.bias', tensor('float32', [0, 0, 10])],
      ]),
    });
    const states = builder.input('states', 'float32', ['batch', 'sequence', 2]);
    const attentionMask = builder.input('attention_mask', 'int64', ['batch', 'sequence']);
    const encoder = { lastHiddenState: states, attentionMask } as ReturnType<typeof bertEncoder>;
    builder.graph.output(meanPooledHead(builder, config, encoder, 3), 'logits');
    const { logits } = await runModel(writeModel(builder.graph), {
      states: tensor('float32', [1, 2, 3, 4, 99, 99, 5, 6, 99, 99, 99, 99], [2, 3, 2]),
      attention_mask: tensor('int64', [1, 1, 0, 1, 0, 0], [2, 3]),
    });
    expect(Array.from(logits!.data as Float32Array)).toEqual([2, 3, 15, 5, 6, 21]);
  });
});
