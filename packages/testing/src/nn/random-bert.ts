import {
  bertEncoder,
  classificationHead,
  crossEntropy,
  type DeclaredParameter,
  type EncoderConfig,
  type EncoderHooks,
  GraphBuilder,
  initialise,
  type ModuleContext,
  normal,
  parseEncoderConfig,
} from '@zooid/nn';
import { pruneGraph, type Value, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';

/** Small enough that all its numbers fit a golden file, large enough that no two axes are equal by accident. */
export const smallConfig: EncoderConfig = parseEncoderConfig({
  vocab_size: 40,
  hidden_size: 12,
  num_hidden_layers: 2,
  num_attention_heads: 3,
  intermediate_size: 20,
  max_position_embeddings: 10,
});

export const LABELS = 3;

export type TokenRows = Readonly<
  Record<'input_ids' | 'attention_mask' | 'token_type_ids', readonly (readonly number[])[]>
>;

/** Rows of several lengths, padded to the longest, with both segments. */
export const paddedRows: TokenRows = {
  input_ids: [
    [2, 17, 8, 33, 21, 9, 3],
    [2, 39, 5, 3, 0, 0, 0],
    [2, 11, 11, 30, 6, 3, 0],
  ],
  attention_mask: [
    [1, 1, 1, 1, 1, 1, 1],
    [1, 1, 1, 1, 0, 0, 0],
    [1, 1, 1, 1, 1, 1, 0],
  ],
  token_type_ids: [
    [0, 0, 0, 0, 1, 1, 1],
    [0, 0, 0, 0, 0, 0, 0],
    [0, 0, 1, 1, 1, 1, 0],
  ],
};

export function int64(rows: readonly (readonly number[])[]): HostTensor<'int64'> {
  return tensor('int64', rows.flat(), [rows.length, rows[0]!.length]);
}

export function feedsOf(rows: TokenRows): TensorMap {
  return Object.fromEntries(Object.entries(rows).map(([name, values]) => [name, int64(values)]));
}

/** Values that depend on the seed and each parameter's name only; biases and normalisation are random too. */
export function randomWeights(parameters: readonly DeclaredParameter[], seed = 11): Map<string, HostTensor<'float32'>> {
  const random = new Random(seed);
  return new Map(
    parameters.map((parameter) => {
      const values = initialise({ ...parameter, initializer: normal(0.3) }, random);
      const data = parameter.name.endsWith('LayerNorm.weight') ? values.map((value) => 1 + value) : values;
      return [parameter.name, tensor('float32', data, parameter.shape)];
    }),
  );
}

/** Builds outputs into a context whose weights are given, or random when they are not. */
export type Emit = (context: ModuleContext) => Readonly<Record<string, Value>>;

/** Emits twice: once to learn the parameters, once with weights for them, which it runs. */
export async function runModule(
  emit: Emit,
  feeds: TensorMap,
  weights?: ReadonlyMap<string, HostTensor<'float32'>>,
): Promise<TensorMap> {
  const declaring = new GraphBuilder();
  emit(declaring);
  const builder = new GraphBuilder({ weights: weights ?? randomWeights(declaring.parameters) });
  for (const [name, value] of Object.entries(emit(builder))) builder.graph.output(value, name);
  const graph = pruneGraph(builder.graph);
  const wanted = new Set(graph.inputs.map(({ name }) => name));
  return runModel(writeModel(graph), Object.fromEntries(Object.entries(feeds).filter(([name]) => wanted.has(name))));
}

/** The encoder's last hidden state under hooks, `[batch, sequence, hidden]`. */
export async function lastHiddenState(
  feeds: TensorMap,
  hooks: (context: ModuleContext) => EncoderHooks = () => ({}),
  config: EncoderConfig = smallConfig,
): Promise<HostTensor<'float32'>> {
  const emit: Emit = (context) => ({ states: bertEncoder(context, config, {}, hooks(context)).lastHiddenState });
  return (await runModule(emit, feeds)).states as HostTensor<'float32'>;
}

/** Hidden states, pooled output, logits and, where the input `labels` is fed, the loss of a sequence classifier. */
export function emitClassifier(context: ModuleContext, config: EncoderConfig = smallConfig) {
  const encoder = bertEncoder(context, config);
  const pooled = encoder.pooledOutput();
  const logits = classificationHead(context, pooled, { labels: LABELS });
  const loss = () => crossEntropy(logits, context.input('labels', 'int64', ['batch']));
  return { encoder, pooled, logits, loss };
}

/** One row of a `[batch, ...]` tensor. */
export function row({ data, dims }: HostTensor<'float32'>, index: number): number[] {
  const size = data.length / dims[0]!;
  return Array.from(data.subarray(index * size, (index + 1) * size));
}

export function worstDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let worst = 0;
  for (let i = 0; i < a.length; i++) worst = Math.max(worst, Math.abs(a[i]! - b[i]!));
  return worst;
}
