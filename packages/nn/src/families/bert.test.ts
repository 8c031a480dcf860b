import { GraphError } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import type { EncoderConfig } from '../encoder/config.js';
import { GraphBuilder } from '../graph-builder.js';
import { classificationHead } from '../heads/classification.js';
import { bertEncoder, parseEncoderConfig } from './bert.js';
import { bertLayer, emitBertLayer } from './bert-layer.js';

const config: EncoderConfig = parseEncoderConfig({
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
  max_position_embeddings: 12,
});

/** The state dict of transformers' `BertForSequenceClassification(config)`, without buffers. */
function huggingFaceKeys(c: EncoderConfig, labels: number): Record<string, readonly number[]> {
  const { hidden_size: h, intermediate_size: f } = c;
  const dense = (path: string, out: number, width: number) => ({
    [`${path}.weight`]: [out, width],
    [`${path}.bias`]: [out],
  });
  const norm = (path: string) => ({ [`${path}.weight`]: [h], [`${path}.bias`]: [h] });
  const layers = Array.from({ length: c.num_hidden_layers }, (_, i) => {
    const path = `bert.encoder.layer.${i}`;
    return {
      ...dense(`${path}.attention.self.query`, h, h),
      ...dense(`${path}.attention.self.key`, h, h),
      ...dense(`${path}.attention.self.value`, h, h),
      ...dense(`${path}.attention.output.dense`, h, h),
      ...norm(`${path}.attention.output.LayerNorm`),
      ...dense(`${path}.intermediate.dense`, f, h),
      ...dense(`${path}.output.dense`, h, f),
      ...norm(`${path}.output.LayerNorm`),
    };
  });
  return Object.assign(
    {
      'bert.embeddings.word_embeddings.weight': [c.vocab_size, h],
      'bert.embeddings.position_embeddings.weight': [c.max_position_embeddings, h],
      'bert.embeddings.token_type_embeddings.weight': [c.type_vocab_size, h],
      ...norm('bert.embeddings.LayerNorm'),
      ...dense('bert.pooler.dense', h, h),
      ...dense('classifier', labels, h),
    },
    ...layers,
  );
}

const shapesOf = (builder: GraphBuilder) =>
  Object.fromEntries(builder.parameters.map(({ name, shape }) => [name, shape]));

describe('bertEncoder', () => {
  it("declares exactly the parameters of Hugging Face's BertForSequenceClassification", () => {
    const builder = new GraphBuilder();
    const encoder = bertEncoder(builder, config);
    const logits = classificationHead(builder, encoder.pooledOutput(), { labels: 3 });
    expect(shapesOf(builder)).toEqual(huggingFaceKeys(config, 3));
    expect(logits.shape).toEqual(['batch', 3]);
  });

  it('keeps symbolic shapes throughout', () => {
    const encoder = bertEncoder(new GraphBuilder(), config);
    expect(encoder.hiddenStates.map(({ shape }) => shape)).toEqual(Array(3).fill(['batch', 'sequence', 8]));
    expect(encoder.lastHiddenState).toBe(encoder.hiddenStates[2]);
    expect(encoder.attnBias.shape).toEqual(['batch', 1, 1, 'sequence']);
    expect(encoder.pooledOutput().shape).toEqual(['batch', 8]);
  });

  it('declares the pooler on the first call only', () => {
    const builder = new GraphBuilder();
    const encoder = bertEncoder(builder, config);
    expect(builder.parameters.some(({ name }) => name.includes('pooler'))).toBe(false);
    expect(encoder.pooledOutput()).toBe(encoder.pooledOutput());
    expect(builder.parameters.filter(({ name }) => name.includes('pooler'))).toHaveLength(2);
  });

  it('drops at every place BERT does, and nowhere at inference', () => {
    const names = (training: boolean) => {
      const builder = new GraphBuilder({ training });
      bertEncoder(builder, config);
      return builder.dropouts.map(({ name, shape }) => `${name} [${shape.join()}]`);
    };
    expect(names(false)).toEqual([]);
    expect(names(true).slice(0, 4)).toEqual([
      'dropout:bert.embeddings [batch,sequence,8]',
      'dropout:bert.encoder.layer.0.attention.self [batch,2,sequence,sequence]',
      'dropout:bert.encoder.layer.0.attention.output [batch,sequence,8]',
      'dropout:bert.encoder.layer.0.output [batch,sequence,8]',
    ]);
    expect(names(true)).toHaveLength(7);
  });

  it('has no position table when there are no positions', () => {
    const builder = new GraphBuilder();
    bertEncoder(builder, config, {}, { positionIds: 'none' });
    expect(Object.keys(shapesOf(builder))).not.toContain('bert.embeddings.position_embeddings.weight');
  });

  it('takes its inputs from the caller', () => {
    const builder = new GraphBuilder();
    const inputIds = builder.input('draft_ids', 'int64', ['batch', 'sequence']);
    const encoder = bertEncoder(builder, config, { inputIds });
    expect(encoder.inputIds).toBe(inputIds);
    expect(builder.inputs.map(({ name }) => name)).toEqual(['draft_ids', 'attention_mask', 'token_type_ids']);
  });

  it('runs the layers it is given, with their own parameters', () => {
    const builder = new GraphBuilder();
    bertEncoder(
      builder,
      config,
      {},
      {
        layers: [
          { path: 'successor.0', emit: emitBertLayer },
          bertLayer(1),
          { path: 'skip', emit: (_c, x) => x.mul(2) },
        ],
      },
    );
    const paths = new Set(builder.parameters.flatMap(({ name }) => /encoder\.(\w+\.\d+)\./.exec(name)?.[1] ?? []));
    expect([...paths]).toEqual(['successor.0', 'layer.1']);
  });

  it('refuses a layer that changes the shape', () => {
    const layers = [{ path: 'bad', emit: (_c: unknown, x: Parameters<typeof emitBertLayer>[1]) => x.sum([2]) }];
    const build = () => bertEncoder(new GraphBuilder(), config, {}, { layers });
    expect(build).toThrow(GraphError);
    expect(build).toThrow("'bad' turned [batch, sequence, 8] into [batch, sequence, 1]");
  });

  it('shows its parameters through a view', () => {
    const builder = new GraphBuilder();
    const seen: string[] = [];
    const encoder = bertEncoder(
      builder,
      config,
      {},
      {
        parameterView: (name, weight) => {
          seen.push(name);
          return weight;
        },
      },
    );
    encoder.pooledOutput();
    classificationHead(builder, encoder.pooledOutput(), { labels: 2 });
    expect(seen).toHaveLength(builder.parameters.length - 2); // all but the classifier's
  });
});
