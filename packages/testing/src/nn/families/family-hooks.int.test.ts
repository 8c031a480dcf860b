import { type EncoderHooks, encoderFamily, GraphBuilder, type ModuleContext } from '@zooid/nn';
import { pruneGraph, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, type TensorMap, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { worstDifference } from '../random-bert.js';
import { goldenFeeds, goldenModels } from './golden-files.js';
import { goldenWeights } from './golden-weights.js';

const families = goldenModels().filter(({ name, config }) => name !== 'albert-inner' && config.model_type !== 'gpt2');
const [BATCH, SEQUENCE] = [3, 7] as const;

describe.each(families)('the hooks of $name', (model) => {
  const family = encoderFamily(model.config);
  const config = family.parse(model.config);
  const width = config.embedding_size ?? config.hidden_size;

  /** The last hidden state under hooks, on the golden batch and weights. */
  async function states(
    hooks: (context: ModuleContext) => EncoderHooks = () => ({}),
    extra: TensorMap = {},
  ): Promise<HostTensor<'float32'>> {
    const builder = new GraphBuilder();
    builder.graph.output(family.build(builder, config, {}, hooks(builder)).lastHiddenState, 'states');
    const graph = pruneGraph(builder.graph);
    const all = { ...goldenFeeds(model), ...extra, ...Object.fromEntries(goldenWeights(builder.parameters)) };
    const feeds = Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]!]));
    return (await runModel(writeModel(graph), feeds)).states as HostTensor<'float32'>;
  }
  const zeros = (...dims: number[]) => tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

  it('that ask for what the family does anyway change nothing', async () => {
    const plain = await states();
    const bias = zeros(1, config.num_attention_heads, SEQUENCE, SEQUENCE);
    const same = await states(
      (context) => ({
        attnBias: context.input('bias', 'float32', [1, config.num_attention_heads, 'sequence', 'sequence']),
        attnScale: 1 / Math.sqrt(config.hidden_size / config.num_attention_heads),
        embedMix: {
          mask: context.input('mask', 'float32', ['batch', 'sequence', 1]),
          vector: context.input('vector', 'float32', ['batch', 'sequence', width]),
          lambda: 0.5,
        },
        layers: Array.from({ length: config.num_hidden_layers }, (_, i) => family.layer(i, config)),
        parameterView: (_name, weight) => weight,
      }),
      { bias, mask: zeros(BATCH, SEQUENCE, 1), vector: zeros(BATCH, SEQUENCE, width) },
    );
    expect(worstDifference(same.data, plain.data)).toBeLessThan(1e-6);
  });

  it('positionIds are rows of its position table', async () => {
    const { input_ids: ids } = model.batch as { input_ids: number[][] };
    const offset = model.config.model_type === 'roberta' ? config.pad_token_id + 1 : 0;
    const rows = ids.flatMap((row) => {
      let seen = 0;
      if (offset === 0) return row.map((_, i) => i);
      return row.map((id) => (id === config.pad_token_id ? config.pad_token_id : offset + seen++));
    });
    const given = (context: ModuleContext): EncoderHooks => ({
      positionIds: context.input('position_ids', 'int64', ['batch', 'sequence']),
    });
    const same = await states(given, { position_ids: tensor('int64', rows, [BATCH, SEQUENCE]) });
    expect(worstDifference(same.data, (await states()).data)).toBeLessThan(1e-6);
    const none = await states(() => ({ positionIds: 'none' }));
    expect(worstDifference(none.data, same.data)).toBeGreaterThan(1e-2);
  });

  it('reach every layer: bias, scale, replaced layers and viewed weights change the result', async () => {
    const plain = await states();
    const far = (changed: HostTensor<'float32'>) =>
      expect(worstDifference(changed.data, plain.data)).toBeGreaterThan(1e-3);
    far(await states(() => ({ attnScale: 0 })));
    far(await states(() => ({ layers: [family.layer(0, config)] })));
    far(await states(() => ({ parameterView: (_name, weight) => weight.mul(0.5) })));
    const bias = tensor(
      'float32',
      Float32Array.from({ length: SEQUENCE * SEQUENCE }, (_, i) => Math.sin(i)),
      [1, 1, SEQUENCE, SEQUENCE],
    );
    far(
      await states((context) => ({ attnBias: context.input('bias', 'float32', [1, 1, 'sequence', 'sequence']) }), {
        bias,
      }),
    );
  });

  it('mix vectors into the embeddings in place of the tokens', async () => {
    const mixed = (context: ModuleContext): EncoderHooks => ({
      embedMix: {
        mask: context.input('mask', 'float32', ['batch', 'sequence', 1]),
        vector: context.input('vector', 'float32', ['batch', 'sequence', width]),
        lambda: 1,
      },
    });
    const vector = tensor(
      'float32',
      Float32Array.from({ length: BATCH * SEQUENCE * width }, (_, i) => Math.cos(i)),
      [BATCH, SEQUENCE, width],
    );
    const mask = tensor('float32', new Float32Array(BATCH * SEQUENCE).fill(1), [BATCH, SEQUENCE, 1]);
    const other = tensor(
      'int64',
      (model.batch.input_ids as number[][]).flat().map((id) => (id === config.pad_token_id ? id : 7)),
      [BATCH, SEQUENCE],
    );
    const a = await states(mixed, { mask, vector });
    const b = await states(mixed, { mask, vector, input_ids: other });
    expect(b.data).toEqual(a.data);
  });
});
