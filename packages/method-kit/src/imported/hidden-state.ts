import type { EncoderConfig, EncoderFamily } from '@zooid/nn';
import { type Graph, type GraphParameter, graphParameters, type Value } from '@zooid/onnx';
import { isEncoderTensor } from '../base-weights.js';

/** What exporters call the states of all tokens: Hugging Face's, and sentence-transformers'. */
const stateOutputs = ['last_hidden_state', 'token_embeddings'] as const;

/**
 * The encoder's last hidden state `[batch, sequence, hidden]` in an exported graph: the output of that name, or else the
 * last LayerNorm that all scores depend on, with nothing of the text going around it. Where the names of the weights
 * tell a head from the encoder, no weight of the head comes before it. Nor does an attention come after it: a graph that
 * computes its last layer for the first token alone has no such state, and that of the layer below must not pass for it.
 *
 * @returns `undefined` when no value can be told to be it.
 */
export function findHiddenState(graph: Graph, family: EncoderFamily, config: EncoderConfig): Value | undefined {
  const named = stateOutputs.flatMap((name) => graph.outputs.find((output) => output.name === name) ?? []);
  if (named.length > 0) return named[0];

  const head = headRoots(graph, family);
  const scores = graph.outputs.filter(({ name }) => name === 'logits');
  const ends = scores.length > 0 ? scores : graph.outputs;
  // A language model's head ends in a LayerNorm of its own; without names it would pass for a layer of the encoder.
  if (head === undefined && ends.some(({ shape }) => shape.at(-1) === config.vocab_size)) return undefined;

  const text = graph.inputs.filter(({ name }) => name !== 'attention_mask');
  const inHead = computedFrom(graph, head ?? []);
  const tokens = graph.inputs.find(({ name }) => name === 'input_ids')?.shape ?? [];
  const wanted = [...tokens, config.hidden_size].join();
  const states = graph.nodes
    .map(({ outputs }) => outputs[0]!)
    .filter((value) => value.shape.join() === wanted && isLayerNorm(value) && !inHead.has(value))
    .findLast((value) => {
      const around = computedFrom(graph, text, value);
      return !ends.some((end) => around.has(end));
    });
  return states === undefined || isAttended(graph, states) ? undefined : states;
}

/** Whether what is computed from `states` includes scores of tokens against tokens, `[batch, heads, …, …]`. */
function isAttended(graph: Graph, states: Value): boolean {
  const after = computedFrom(graph, [states]);
  return graph.nodes.some(({ op, outputs }) => op === 'Softmax' && outputs[0]!.rank === 4 && after.has(outputs[0]!));
}

/** Initializers that hold weights of a head alone; `undefined` where the names do not tell. */
function headRoots(graph: Graph, family: EncoderFamily): ReadonlySet<Value> | undefined {
  const parameters = graphParameters(graph);
  if (!tellsEncoder(parameters, family)) return undefined;
  const inEncoder = ({ name }: GraphParameter) => isEncoderTensor(family.canonicalName(name), family);
  const encoder = new Set(parameters.filter(inEncoder).map(({ initializer }) => initializer));
  // Equal tensors of both were merged by the exporter, and prove nothing.
  const head = new Set(parameters.map(({ initializer }) => initializer).filter((name) => !encoder.has(name)));
  return new Set([...graph.initializers.keys()].filter(({ name }) => head.has(name)));
}

/** Whether an export has the names of a checkpoint of the family: its word table does. */
export function tellsEncoder(parameters: readonly GraphParameter[], { prefix, canonicalName }: EncoderFamily): boolean {
  return parameters.some(({ name }) => canonicalName(name) === `${prefix}.embeddings.word_embeddings.weight`);
}

/** What is computed from `sources` on ways that do not pass `gate`. The size of a tensor says nothing about its content. */
function computedFrom(graph: Graph, sources: Iterable<Value>, gate?: Value): ReadonlySet<Value> {
  const found = new Set(sources);
  for (const { op, inputs, outputs } of graph.nodes) {
    if (op === 'Shape' || op === 'Size' || !inputs.some((value) => value !== null && found.has(value))) continue;
    for (const value of outputs) if (value !== gate) found.add(value);
  }
  return found;
}

/** One node, or `(x − mean) / √… · γ + β` as exporters write it below opset 17. */
function isLayerNorm({ producer }: Value): boolean {
  const op = (value: Value | null) => value?.producer?.op;
  if (producer?.op !== 'Add') {
    return producer?.op === 'LayerNormalization' || producer?.op === 'SkipLayerNormalization';
  }
  return producer.inputs.some(
    (factor) => op(factor) === 'Mul' && factor!.producer!.inputs.some((quotient) => op(quotient) === 'Div'),
  );
}
