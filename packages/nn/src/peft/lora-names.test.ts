import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { encoderFamily } from '../families/registry.js';
import { zeros } from '../initialise.js';
import { loraNames } from './lora-names.js';

const roberta = encoderFamily({ model_type: 'roberta' });
const canonicalName = (name: string) => roberta.canonicalName(name);
const attention = (layer: number, part: string) => `roberta.encoder.layer.${layer}.attention.self.${part}`;
const declared = [
  ...[0, 1].flatMap((layer) =>
    ['query', 'value'].flatMap((part) => [
      { name: `${attention(layer, part)}.weight`, shape: [6, 6], initializer: zeros },
      { name: `${attention(layer, part)}.bias`, shape: [6], initializer: zeros },
    ]),
  ),
  { name: 'classifier.dense.weight', shape: [6, 6], initializer: zeros },
  { name: 'classifier.out_proj.bias', shape: [3], initializer: zeros },
];
const shapes = (entries: Record<string, readonly number[]>) =>
  new Map(Object.entries(entries).map(([name, dims]) => [name, { dims }]));
const issuesOf = (entries: Record<string, readonly number[]>): readonly string[] => {
  try {
    loraNames(shapes(entries), { canonicalName, declared });
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues.map(({ message }) => message);
  }
  throw new Error('the adapter was accepted');
};

describe('loraNames', () => {
  it.each([
    ["loralib's layout", '', '', ''],
    ["PEFT's files", 'base_model.model.', '.weight', ''],
    ["PEFT's memory", 'base_model.model.', '.default.weight', '.modules_to_save.default'],
  ])('finds the base parameters in %s', (_, prefix, suffix, saved) => {
    const query = `${prefix}${attention(0, 'query')}`;
    const value = `${prefix}${attention(1, 'value')}`;
    const head = `${prefix}classifier${saved}.dense.weight`;
    const adapter = loraNames(
      shapes({
        [`${query}.lora_A${suffix}`]: [2, 6],
        [`${query}.lora_B${suffix}`]: [6, 2],
        [`${value}.lora_B${suffix}`]: [6, 4],
        [`${value}.lora_A${suffix}`]: [4, 6],
        [head]: [6, 6],
      }),
      { canonicalName, declared },
    );
    expect(adapter.updates).toEqual([
      {
        parameter: `${attention(0, 'query')}.weight`,
        down: `${query}.lora_A${suffix}`,
        up: `${query}.lora_B${suffix}`,
        rank: 2,
      },
      {
        parameter: `${attention(1, 'value')}.weight`,
        down: `${value}.lora_A${suffix}`,
        up: `${value}.lora_B${suffix}`,
        rank: 4,
      },
    ]);
    expect(adapter.whole).toEqual(new Map([['classifier.dense.weight', head]]));
  });

  it("finds them under a bare encoder's names, with biases, and without what PEFT keeps of the old head", () => {
    const adapter = loraNames(
      shapes({
        'base_model.model.encoder.layer.0.attention.self.query.lora_A.weight': [2, 6],
        'base_model.model.encoder.layer.0.attention.self.query.lora_B.weight': [6, 2],
        'base_model.model.encoder.layer.0.attention.self.query.base_layer.bias': [6],
        'base_model.model.classifier.original_module.dense.weight': [6, 6],
      }),
      { canonicalName, declared },
    );
    expect(adapter.updates.map(({ parameter }) => parameter)).toEqual([`${attention(0, 'query')}.weight`]);
    expect([...adapter.whole.keys()]).toEqual([`${attention(0, 'query')}.bias`]);
  });

  it('reads matrices that are stored the other way round when told so', () => {
    const names = {
      canonicalName: (name: string) => name,
      declared: [{ name: 'c.weight', shape: [4, 6], initializer: zeros }],
    };
    const tensors = shapes({ 'c.lora_A': [2, 4], 'c.lora_B': [6, 2] });
    expect(loraNames(tensors, { ...names, fanInFanOut: true }).updates).toHaveLength(1);
    expect(() => loraNames(tensors, names)).toThrow(/makes an update \[6, 4\] of 'c\.weight', which is \[4, 6\]/);
  });

  it('names every tensor that it cannot place', () => {
    const query = attention(0, 'query');
    const value = attention(0, 'value');
    expect(
      issuesOf({
        [`${query}.lora_A`]: [2, 6],
        [`${value}.lora_A`]: [2, 6],
        [`${value}.lora_B`]: [6, 3],
        [`${attention(9, 'query')}.lora_A`]: [2, 6],
        [`${attention(9, 'query')}.lora_B`]: [6, 2],
        [`${attention(1, 'query')}.lora_A`]: [2, 5],
        [`${attention(1, 'query')}.lora_B`]: [6, 2],
        [`${query}.lora_magnitude_vector`]: [6],
        'classifier.out_proj.bias': [4],
        'score.weight': [1],
      }),
    ).toEqual([
      `'${query}.lora_magnitude_vector' is not of plain LoRA; merge the adapter where it was made`,
      "'classifier.out_proj.bias' has shape [4], the base model needs [3]",
      "'score.weight' has no place in the base model",
      `'${query}.lora_A' has no counterpart lora_B`,
      `'${value}.lora_A' [2, 6] and '${value}.lora_B' [6, 3] have no common rank`,
      `'${attention(9, 'query')}.lora_A' updates '${attention(9, 'query')}.weight', which the base model lacks`,
      `'${attention(1, 'query')}.lora_A' makes an update [6, 5] of '${attention(1, 'query')}.weight', which is [6, 6]`,
    ]);
    expect(issuesOf({ 'classifier.dense.weight': [6, 6] })).toEqual(['holds no low-rank update']);
  });

  it('leaves out the head of another task where that is allowed', () => {
    const query = attention(0, 'query');
    const tensors = shapes({
      [`${query}.lora_A`]: [2, 6],
      [`${query}.lora_B`]: [6, 2],
      'classifier.dense.weight': [6, 6],
      'classifier.out_proj.bias': [4],
      'score.weight': [1],
    });
    const optional = (name: string) => !name.startsWith('roberta.');
    const { whole, unused } = loraNames(tensors, { canonicalName, declared, optional });
    expect([...whole.keys()]).toEqual(['classifier.dense.weight']);
    expect(unused).toEqual(['classifier.out_proj.bias', 'score.weight']);
  });
});
