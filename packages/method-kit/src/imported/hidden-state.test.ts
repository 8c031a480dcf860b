import {
  encoderFamily,
  GraphBuilder,
  initialise,
  maskedLanguageModelHead,
  sequenceClassificationHead,
  tokenClassificationHead,
} from '@zooid/nn';
import { Graph, readModel, writeModel } from '@zooid/onnx';
import { Random, tensor } from '@zooid/tensor';
import { goldenExport } from '@zooid/testing';
import { compileInference, type ModelBuilder } from '@zooid/trainer';
import { describe, expect, it } from 'vitest';
import { findHiddenState } from './hidden-state.js';

const sizes = {
  vocab_size: 13,
  hidden_size: 8,
  embedding_size: 4,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 12,
};
const configs = {
  bert: sizes,
  roberta: sizes,
  electra: sizes,
  albert: sizes,
  distilbert: { vocab_size: 13, dim: 8, n_layers: 2, n_heads: 2, hidden_dim: 12 },
};
const heads = ['sequence classifier', 'token classifier', 'masked language model'] as const;

/** A graph that gives `logits` alone, and the value in it that the head was put on. */
function exported(modelType: keyof typeof configs, head: (typeof heads)[number], outputs = ['logits', 'states']) {
  const family = encoderFamily({ model_type: modelType });
  const config = family.parse(configs[modelType]);
  const build: ModelBuilder = (context) => {
    const encoder = family.build(context, config);
    const states = encoder.lastHiddenState;
    const logits =
      head === 'sequence classifier'
        ? sequenceClassificationHead(context, config, encoder, 3)
        : head === 'token classifier'
          ? tokenClassificationHead(context, config, states, 3)
          : maskedLanguageModelHead(context, config, states);
    return { outputs: { logits, states } };
  };
  const declared = new GraphBuilder();
  build(declared);
  const random = new Random(1);
  const weights = new Map(
    declared.parameters.map((parameter) => [
      parameter.name,
      tensor('float32', initialise(parameter, random), parameter.shape),
    ]),
  );
  const graph = readModel(writeModel(compileInference({ build, outputs, weights })));
  // Whole only where it is asked for; as an output it would be found by that.
  const states = graph.outputs.splice(1)[0]?.producer?.inputs[0];
  return { graph, family, config, states };
}

describe('the last hidden state of an export', () => {
  describe.each(Object.keys(configs) as (keyof typeof configs)[])('of %s', (modelType) => {
    it.each(heads)('is found below a %s', (head) => {
      const { graph, family, config, states } = exported(modelType, head);
      expect(findHiddenState(graph, family, config)?.name).toBe(states!.name);
    });
  });

  it('is found without names that tell, but below the head of a language model', () => {
    const family = encoderFamily({ model_type: 'distilbert' }); // whose names BERT's are not
    for (const head of heads) {
      const { graph, config, states } = exported('bert', head);
      const expected = head === 'masked language model' ? undefined : states!.name;
      expect(findHiddenState(graph, family, config)?.name, head).toBe(expected);
    }
  });

  it('is found in exports of PyTorch, with LayerNorm in one operator and in many', () => {
    const family = encoderFamily({ model_type: 'bert' });
    const config = family.parse({ ...sizes, vocab_size: 16 });
    for (const name of ['bert-11', 'bert-17']) {
      const graph = readModel(goldenExport(name));
      const states = graph.outputs.pop();
      expect(findHiddenState(graph, family, config), name).toBe(states);
    }
    // Mean of the states, scores per prototype, and another output from the last token.
    const sentence = readModel(goldenExport('sentence-12'));
    expect(findHiddenState(sentence, family, config)?.producer?.name).toBe('/layer/output_norm/Add_1');
  });

  it('is the output of that name, wherever else it might be', () => {
    const { graph, family, config } = exported('bert', 'sequence classifier');
    const first = graph.nodes.find(({ op }) => op === 'LayerNormalization')!.outputs[0]!;
    graph.output(first, 'token_embeddings');
    expect(findHiddenState(graph, family, config)?.name).toBe('token_embeddings');
  });

  it('is not that of the layer below, where the last layer is computed for the first token alone', () => {
    const { graph, family, config } = exported('bert', 'sequence classifier', ['logits']);
    expect(graph.nodes.some(({ outputs }) => outputs[0]!.shape.join() === 'batch,1,8')).toBe(true);
    expect(findHiddenState(graph, family, config)).toBeUndefined();
  });

  it('is not a value that the text goes around', () => {
    const graph = new Graph();
    const ids = graph.input('input_ids', 'int64', ['batch', 'sequence']);
    const words = graph.initializer('words', tensor('float32', new Float32Array(13 * 8), [13, 8])).gather(ids);
    const gain = graph.initializer('gain', tensor('float32', new Float32Array(8), [8]));
    const [states] = graph.emit('LayerNormalization', [words, gain, gain], { axis: -1 });
    const family = encoderFamily({ model_type: 'bert' });
    const config = family.parse(sizes);
    graph.output(states!.mean([1], false).sum([1]), 'logits');
    expect(findHiddenState(graph, family, config)).toBe(states);
    graph.outputs.pop();
    graph.output(states!.add(words).mean([1], false).sum([1]), 'scores');
    expect(findHiddenState(graph, family, config)).toBeUndefined();
  });
});
