import { embedding, GraphBuilder, linear, lstm } from '@zooid/nn';
import { type Graph } from '@zooid/onnx';
import type { HostTensor } from '@zooid/tensor';

/**
 * The network of g2pM: characters, one bidirectional LSTM, and two linear layers on the state of the marked character.
 *
 * Inputs: `input_ids` int64 `[batch, sequence]`, `lengths` int32 `[batch]`, `marked` int64 `[batch]`, the place of each
 * marked character in the flattened batch. Output: `logits` `[batch, classes]`. All sizes are the weights' own.
 *
 * @see Park & Lee 2020, "g2pM: A Neural Grapheme-to-Phoneme Conversion Package for Mandarin Chinese"
 */
export function g2pmGraph(weights: ReadonlyMap<string, HostTensor<'float32'>>): Graph {
  const builder = new GraphBuilder({ weights });
  const dims = (name: string) => weights.get(name)?.dims ?? [];
  const [characters = 0, width = 0] = dims('embedding.weight');
  const [, hidden = 0] = dims('lstm.weight_hh_l0');
  const ids = builder.input('input_ids', 'int64', ['batch', 'sequence']);
  const lengths = builder.graph.input('lengths', 'int32', ['batch']);
  const marked = builder.input('marked', 'int64', ['batch']);

  const embedded = embedding(builder.child('embedding'), ids, characters, width);
  const states = lstm(builder.child('lstm'), embedded, { hidden, bidirectional: true, lengths });
  const state = states.reshape([-1, 2 * hidden]).gather(marked);
  const inner = linear(builder.child('logit_layer.0'), state, dims('logit_layer.0.weight')[0] ?? 0).relu();
  builder.graph.output(linear(builder.child('logit_layer.2'), inner, dims('logit_layer.2.weight')[0] ?? 0), 'logits');
  return builder.graph;
}
