import { encoderFamily } from '@zooid/nn';
import { validateDto } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { FineTuneOptions } from './options.js';
import { rateGroups } from './rate-groups.js';

const sizes = { vocab_size: 30, hidden_size: 768, num_hidden_layers: 3, num_attention_heads: 12, intermediate_size: 8 };

function ratesOf(given: object, config: object = sizes, isPretrained = true) {
  const family = encoderFamily(config);
  const { groups, peaks } = rateGroups(validateDto(FineTuneOptions, given, 'train'), {
    family,
    config: family.parse(config),
    groups: [{ name: 'head', match: (name) => !name.startsWith(`${family.prefix}.`) }],
    isPretrained,
  });
  return (name: string) => peaks.get(groups.find(({ match }) => match(name))?.name ?? 'default');
}

const query = (layer: number) => `bert.encoder.layer.${layer}.attention.self.query.weight`;

describe('peak rates', () => {
  it('are small on a base model, the smaller the wider it is, with a faster head; and larger from scratch', () => {
    const onBase = ratesOf({});
    expect(onBase(query(0))).toBeCloseTo(3e-5, 12);
    expect(onBase('classifier.weight')).toBeCloseTo(1.5e-4, 12);
    expect(ratesOf({}, { ...sizes, hidden_size: 384 })(query(0))).toBeCloseTo(1.2e-4, 12);
    expect(ratesOf({}, { ...sizes, hidden_size: 48 })(query(0))).toBe(5e-4);
    const scratch = ratesOf({}, sizes, false);
    expect([scratch(query(0)), scratch('classifier.weight')]).toEqual([5e-4, 5e-4]);
  });

  it('are larger for what is added to a frozen encoder, with the head at the same', () => {
    const lora = ratesOf({ lora: {} });
    expect([lora(`${query(0)}.lora_A.weight`), lora('classifier.weight')]).toEqual([5e-4, 5e-4]);
    expect(ratesOf({ lora: {}, adapters: {} })('classifier.weight')).toBe(3e-4);
    expect(ratesOf({ lora: {}, learningRate: 1, headLearningRate: 2 })('classifier.weight')).toBe(2);
  });

  it('decay from the top layer to the embeddings', () => {
    const rate = ratesOf({ learningRate: 1, layerDecay: 0.5 });
    expect([2, 1, 0].map((layer) => rate(query(layer)))).toEqual([1, 0.5, 0.25]);
    expect(rate('bert.embeddings.LayerNorm.weight')).toBe(0.125);
    expect(rate('bert.pooler.dense.weight')).toBe(1);
    expect(rate('classifier.weight')).toBe(5);
  });

  it('decay by the highest use of layers that share their weights, and reach projected embeddings', () => {
    const albert = { ...sizes, model_type: 'albert', num_hidden_layers: 4, num_hidden_groups: 2 };
    const rate = ratesOf({ learningRate: 1, layerDecay: 0.5 }, albert);
    const group = (index: number) => `albert.encoder.albert_layer_groups.${index}.albert_layers.0.ffn.weight`;
    expect([1, 0].map((index) => rate(group(index)))).toEqual([1, 0.25]);
    expect(rate('albert.encoder.embedding_hidden_mapping_in.weight')).toBe(0.0625);
  });

  it('follow name patterns first, in their order', () => {
    const learningRates = { [query(0)]: 7, '*.layer.0.*': 3, '*.bias': 2 };
    const rate = ratesOf({ learningRate: 1, layerDecay: 0.5, learningRates });
    expect([rate(query(0)), rate('bert.encoder.layer.0.output.dense.bias'), rate('classifier.bias')]).toEqual([
      7, 3, 2,
    ]);
    expect(rate(query(2))).toBe(1);
  });

  it('must be positive numbers', () => {
    expect(() => ratesOf({ learningRates: { a: '1' } })).toThrow(/must give each name pattern a number above 0/);
    expect(() => ratesOf({ layerDecay: 1.5 })).toThrow(/layerDecay/);
  });
});
