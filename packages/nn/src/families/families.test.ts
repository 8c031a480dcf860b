import { ValidationError } from '@zooid/common';
import { GraphError } from '@zooid/onnx';
import { describe, expect, it } from 'vitest';
import type { EncoderFamily } from '../encoder/family.js';
import { GraphBuilder } from '../graph-builder.js';
import { encoderFamilies, encoderFamily } from './registry.js';

const bertSizes = {
  vocab_size: 50,
  hidden_size: 8,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 16,
};
/** The least a `config.json` of each family must say. */
const required: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  bert: bertSizes,
  roberta: bertSizes,
  'xlm-roberta': bertSizes,
  camembert: bertSizes,
  electra: bertSizes,
  albert: bertSizes,
  distilbert: { vocab_size: 50, dim: 8, n_layers: 2, n_heads: 2, hidden_dim: 16 },
};

function issuesOf(family: EncoderFamily, config: unknown) {
  try {
    family.parse(config);
  } catch (error) {
    expect(error).toBeInstanceOf(ValidationError);
    return (error as ValidationError).issues;
  }
  throw new Error('the config was accepted');
}

describe('encoderFamily', () => {
  it('goes by the model type, and takes a config without one for BERT', () => {
    expect([...encoderFamilies.keys()].sort()).toEqual(Object.keys(required).sort());
    for (const modelType of encoderFamilies.keys())
      expect(encoderFamily({ model_type: modelType }).modelType).toBe(modelType);
    expect(encoderFamily({}).modelType).toBe('bert');
  });

  it.each(['llama', 5, 'constructor'])('refuses %j and names what there is', (modelType) => {
    expect(() => encoderFamily({ model_type: modelType })).toThrow(
      /\/model_type must be one of bert, roberta, xlm-roberta, camembert, distilbert, electra, albert, got/,
    );
  });
});

describe('a family', () => {
  it.each([...encoderFamilies.values()])("fills in Hugging Face's defaults: $modelType", (family) => {
    const parsed = family.parse(required[family.modelType]);
    const common = {
      vocab_size: 50,
      hidden_size: 8,
      num_hidden_layers: 2,
      num_attention_heads: 2,
      intermediate_size: 16,
      hidden_act: 'gelu',
      hidden_dropout_prob: 0.1,
      attention_probs_dropout_prob: 0.1,
      max_position_embeddings: 512,
      type_vocab_size: 2,
      layer_norm_eps: 1e-12,
      initializer_range: 0.02,
      pad_token_id: 0,
    };
    const own: Readonly<Record<string, object>> = {
      bert: {},
      roberta: { model_type: 'roberta', pad_token_id: 1 },
      'xlm-roberta': { model_type: 'xlm-roberta', pad_token_id: 1 },
      camembert: { model_type: 'camembert', pad_token_id: 1 },
      distilbert: { model_type: 'distilbert', type_vocab_size: 0, classifier_dropout: 0.2 },
      electra: { model_type: 'electra', embedding_size: 128 },
      albert: {
        model_type: 'albert',
        hidden_act: 'gelu_new',
        hidden_dropout_prob: 0,
        attention_probs_dropout_prob: 0,
        classifier_dropout: 0.1,
        embedding_size: 128,
        num_hidden_groups: 1,
        inner_group_num: 1,
      },
    };
    expect(parsed).toEqual({ ...common, ...own[family.modelType] });
  });

  it.each([...encoderFamilies.values()])('names every bad field as its file does: $modelType', (family) => {
    const keys =
      family.modelType === 'distilbert'
        ? ['dim', 'n_heads', 'dropout']
        : ['hidden_size', 'num_attention_heads', 'hidden_dropout_prob'];
    const [width, heads, dropout] = keys as [string, string, string];
    const config = { ...required[family.modelType], [width]: 'wide', [dropout]: 1, vocab_size: undefined };
    expect(issuesOf(family, config).map(({ path }) => path)).toEqual(['/vocab_size', `/${width}`, `/${dropout}`]);
    expect(issuesOf(family, { ...required[family.modelType], [heads]: 3 })).toEqual([
      { path: `/${heads}`, message: `must divide ${width} 8, got 3` },
    ]);
  });

  it.each([
    ['roberta', { max_position_embeddings: 2 }, '/max_position_embeddings', 'must exceed pad_token_id + 1 = 2'],
    ['albert', { num_hidden_groups: 3 }, '/num_hidden_groups', 'must not exceed num_hidden_layers 2'],
    ['albert', { inner_group_num: 501 }, '/inner_group_num', 'from 1 to 1000, got 1002'],
    ['electra', { embedding_size: 0 }, '/embedding_size', 'must be a positive integer'],
    ['distilbert', { n_layers: 1e9 }, '/n_layers', 'from 1 to 1000'],
  ])('%s refuses %j', (modelType, change, path, words) => {
    const [issue] = issuesOf(encoderFamily({ model_type: modelType }), { ...required[modelType], ...change });
    expect(issue?.path).toBe(path);
    expect(issue?.message).toContain(words);
  });

  it('tells how many tokens its positions serve', () => {
    const longest = (modelType: string) => {
      const family = encoderFamily({ model_type: modelType });
      return family.longestSequence(family.parse({ ...required[modelType], max_position_embeddings: 514 }));
    };
    expect(longest('bert')).toBe(514);
    expect(longest('roberta')).toBe(512);
  });

  it('takes segments only where it has several', () => {
    const build = (modelType: string, segments: number) => {
      const family = encoderFamily({ model_type: modelType });
      const config = family.parse({ ...required[modelType], type_vocab_size: segments });
      const builder = new GraphBuilder();
      family.build(builder, config);
      const inputs = builder.inputs.map(({ name }) => name);
      expect(inputs).toEqual(family.inputs(config));
      return inputs.length;
    };
    expect(build('roberta', 2)).toBe(3);
    expect(build('roberta', 1)).toBe(2);
    expect(build('bert', 1)).toBe(2);
    expect(build('distilbert', 2)).toBe(2);
  });

  it('gives one dropout rate to the whole encoder, under its own names', () => {
    const config = { model_type: 'distilbert', dim: 8, qa_dropout: 0.1 };
    expect(encoderFamily(config).withDropout(config, 0.3)).toEqual({ ...config, dropout: 0.3, attention_dropout: 0.3 });
  });
});

describe('dropout', () => {
  const sites = (modelType: string) => {
    const family = encoderFamily({ model_type: modelType });
    const rates = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 };
    const builder = new GraphBuilder({ training: true });
    family.build(builder, family.parse({ ...required[modelType], ...rates, num_hidden_layers: 2 }));
    return builder.dropouts.map(({ name }) => name.replace(/^dropout:/, ''));
  };

  it("stands where DistilBERT's does: not after the attention's output", () => {
    expect(sites('distilbert')).toEqual([
      'distilbert.embeddings',
      'distilbert.transformer.layer.0.attention',
      'distilbert.transformer.layer.0.ffn',
      'distilbert.transformer.layer.1.attention',
      'distilbert.transformer.layer.1.ffn',
    ]);
  });

  it("stands where ALBERT's does, with masks of its own each time a layer is used", () => {
    const layer = 'albert.encoder.albert_layer_groups.0.albert_layers.0.attention';
    expect(sites('albert')).toEqual(['albert.embeddings', layer, `${layer}.dense`, `${layer}:1`, `${layer}.dense:1`]);
  });
});

describe('the pooled output', () => {
  it.each([
    ['bert', ['bert.pooler.dense.weight', 'bert.pooler.dense.bias']],
    ['albert', ['albert.pooler.weight', 'albert.pooler.bias']],
    ['distilbert', []],
    ['electra', []],
  ])('of %s has the parameters %j', (modelType, names) => {
    const family = encoderFamily({ model_type: modelType });
    const builder = new GraphBuilder();
    const encoder = family.build(builder, family.parse(required[modelType]));
    const before = builder.parameters.length;
    expect(encoder.pooledOutput().shape).toEqual(['batch', 8]);
    expect(builder.parameters.slice(before).map(({ name }) => name)).toEqual(names);
  });
});

describe('layers', () => {
  it('of ALBERT share their weights by group, in runs of equal length', () => {
    const family = encoderFamily({ model_type: 'albert' });
    const config = family.parse({ ...bertSizes, num_hidden_layers: 6, num_hidden_groups: 3 });
    expect(Array.from({ length: 6 }, (_, i) => family.layer(i, config).path)).toEqual(
      [0, 0, 1, 1, 2, 2].map((group) => `albert_layer_groups.${group}`),
    );
  });

  it('of a caller must keep the shape in every family', () => {
    for (const family of encoderFamilies.values()) {
      const layers = [
        {
          path: 'bad',
          emit: (_c: unknown, x: Parameters<ReturnType<EncoderFamily['layer']>['emit']>[1]) => x.sum([2]),
        },
      ];
      const build = () => family.build(new GraphBuilder(), family.parse(required[family.modelType]), {}, { layers });
      expect(build).toThrow(GraphError);
    }
  });
});
