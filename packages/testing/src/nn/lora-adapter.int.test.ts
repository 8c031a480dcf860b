import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asFloat32, openWeightsFile } from '@zooid/hub';
import { encoderFamily, GraphBuilder, loraNames, mergeLora, sequenceClassificationHead } from '@zooid/nn';
import { zeros } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';

/** Microsoft's adapter of RoBERTa-base for MNLI, as published; MIT. */
const file = [process.env.ZOOID_DATA, fileURLToPath(new URL('../../../../../shared/data', import.meta.url))]
  .map((data) => join(data ?? '', 'weights-lora-roberta-mnli/roberta_base_lora_mnli.bin'))
  .find((path) => existsSync(path));

const config = {
  model_type: 'roberta',
  vocab_size: 50265,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  layer_norm_eps: 1e-5,
  pad_token_id: 1,
};

describe.runIf(file !== undefined)('a published LoRA adapter', () => {
  it('updates query and value of every layer of RoBERTa-base, brings the classifier, and merges', async () => {
    const family = encoderFamily(config);
    const builder = new GraphBuilder();
    const parsed = family.parse(config);
    sequenceClassificationHead(builder, parsed, family.build(builder, parsed), 3);
    await using adapter = await openWeightsFile(file!);
    const { updates, whole } = loraNames(adapter.tensors, {
      canonicalName: (name) => family.canonicalName(name),
      declared: builder.parameters,
    });
    expect(updates.map(({ parameter, rank }) => `${parameter} ${rank}`)).toEqual(
      Array.from({ length: 12 }, (_, layer) => layer).flatMap((layer) =>
        ['query', 'value'].map((part) => `roberta.encoder.layer.${layer}.attention.self.${part}.weight 8`),
      ),
    );
    expect([...whole.keys()].sort()).toEqual([
      'classifier.dense.bias',
      'classifier.dense.weight',
      'classifier.out_proj.bias',
      'classifier.out_proj.weight',
    ]);

    const { down, up } = updates[0]!;
    const [a, b] = await Promise.all(
      [down, up].map(async (name) => asFloat32(name, await adapter.tensors.get(name)!.read())),
    );
    const merged = mergeLora(zeros('float32', [768, 768]), a!, b!, { scale: 2 });
    // A few elements by the definition: sums of eight products.
    for (const [row, column] of [
      [0, 0],
      [5, 700],
      [767, 767],
    ] as const) {
      const sum = Array.from({ length: 8 }, (_, k) => b!.data[row * 8 + k]! * a!.data[k * 768 + column]!);
      expect(merged.data[row * 768 + column]).toBeCloseTo(2 * sum.reduce((x, y) => x + y), 6);
    }
    expect(merged.data.some((value) => value !== 0)).toBe(true);
  });
});
