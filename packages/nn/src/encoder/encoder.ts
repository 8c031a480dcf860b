import { GraphError, type Value } from '@zooid/onnx';
import { linear } from '../linear.js';
import { paddingBias } from '../masking.js';
import type { ModuleContext } from '../module-context.js';
import { prefixBias, prefixInTurn, storedPrefix } from '../peft/prefix.js';
import { type EncoderConfig, embeddingWidth } from './config.js';
import { emitEmbeddings, type PositionScheme } from './embeddings.js';
import type { EncoderHooks, EncoderInputs, LayerEnvironment, LayerModule } from './hooks.js';

export interface EncoderOutput {
  readonly config: EncoderConfig;
  readonly inputIds: Value;
  /** int64 `[batch, sequence]`, 1 = token, 0 = padding. */
  readonly attentionMask: Value;
  /** Declared on first use: a family with at most one segment does not ask for it. */
  readonly tokenTypeIds: Value;
  /** Additive bias of the padding alone, `[batch, 1, 1, sequence]`, for attention in heads. */
  readonly attnBias: Value;
  /** `[batch, sequence, hidden]` */
  readonly lastHiddenState: Value;
  /** The embeddings' output, then every layer's: one more than there are layers. */
  readonly hiddenStates: readonly Value[];
  /**
   * One vector a row, `[batch, hidden]`: `tanh(W h₀ + b)` of the first token's state where the family has a pooler, the
   * state itself where it has none (DistilBERT, ELECTRA). The pooler is emitted, and its parameters declared, on the
   * first call: a head that pools for itself carries no dead weights.
   */
  pooledOutput(): Value;
}

/** What tells one family's encoder from another's. Paths are below `prefix`. */
export interface EncoderShape {
  /** First part of every parameter name: `bert`. */
  readonly prefix: string;
  /** Path of the layers: `encoder`. */
  readonly layersPath: string;
  readonly positions: PositionScheme;
  /** Path of the linear layer between the embeddings' width and the hidden one; absent: the two are equal. */
  readonly projection?: { readonly path: string; readonly always: boolean };
  /** Path of the pooler's linear layer; absent: the family has no pooler. */
  readonly pooler?: string;
  /** The layer at a place, counted from 0. */
  layer(index: number, config: EncoderConfig): LayerModule;
}

/**
 * Emits an encoder with the parameter names and layouts of Hugging Face's base model of its family.
 *
 * @throws GraphError when a layer changes the shape of the hidden state.
 */
export function emitEncoder(
  shape: EncoderShape,
  context: ModuleContext,
  config: EncoderConfig,
  inputs: EncoderInputs = {},
  hooks: EncoderHooks = {},
): EncoderOutput {
  const tokens = ['batch', 'sequence'] as const;
  const inputIds = inputs.inputIds ?? context.input('input_ids', 'int64', tokens);
  const attentionMask = inputs.attentionMask ?? context.input('attention_mask', 'int64', tokens);
  const tokenTypeIds = () => inputs.tokenTypeIds ?? context.input('token_type_ids', 'int64', tokens);

  const base = withViews(context, hooks).child(shape.prefix);
  const padding = paddingBias(attentionMask);
  const bias = hooks.attnBias === undefined ? padding : padding.add(hooks.attnBias);
  const prefix = hooks.prefix ?? storedPrefix(base, config);
  const environment: LayerEnvironment = {
    config,
    attnBias: prefixBias(bias, prefix),
    attnScale: hooks.attnScale ?? 1 / Math.sqrt(config.hidden_size / config.num_attention_heads),
    ...(prefix !== undefined && { nextPrefix: prefixInTurn(prefix) }),
  };
  const embedded = emitEmbeddings(base.child('embeddings'), config, { inputIds, tokenTypeIds }, shape.positions, hooks);
  const layers =
    hooks.layers ?? Array.from({ length: config.num_hidden_layers }, (_, index) => shape.layer(index, config));
  const stack = base.child(shape.layersPath);
  const hiddenStates = [project(shape, base, config, embedded)];
  context.boundary(hiddenStates[0]!);
  for (const { path, emit } of layers) {
    const hidden = hiddenStates.at(-1)!;
    const next = emit(stack.child(path), hidden, environment);
    if (next.shape.join() !== hidden.shape.join()) {
      throw new GraphError(
        `Encoder layer '${path}' turned [${hidden.shape.join(', ')}] into [${next.shape.join(', ')}]; a layer must keep the shape`,
      );
    }
    context.boundary(next);
    hiddenStates.push(next);
  }
  const lastHiddenState = hiddenStates.at(-1)!;

  let pooled: Value | undefined;
  return {
    config,
    inputIds,
    attentionMask,
    get tokenTypeIds() {
      return tokenTypeIds();
    },
    attnBias: padding,
    lastHiddenState,
    hiddenStates,
    pooledOutput() {
      pooled ??= poolFirstToken(shape, base, config, lastHiddenState);
      return pooled;
    },
  };
}

function withViews(context: ModuleContext, { parameterView, linearView }: EncoderHooks): ModuleContext {
  const viewed = parameterView === undefined ? context : context.withParameterView(parameterView);
  return linearView === undefined ? viewed : viewed.withLinearView(linearView);
}

function project({ projection }: EncoderShape, base: ModuleContext, config: EncoderConfig, embedded: Value): Value {
  if (projection === undefined) return embedded;
  const { path, always } = projection;
  if (!always && embeddingWidth(config) === config.hidden_size) return embedded;
  return linear(base.child(path), embedded, config.hidden_size, { std: config.initializer_range });
}

/**
 * What {@link EncoderOutput.pooledOutput} gives, from `states` `[batch, sequence, hidden]`.
 *
 * @param base at the family's prefix
 */
export function poolFirstToken(
  { pooler }: Pick<EncoderShape, 'pooler'>,
  base: ModuleContext,
  config: EncoderConfig,
  states: Value,
): Value {
  const first = firstToken(states);
  if (pooler === undefined) return first;
  return linear(base.child(pooler), first, config.hidden_size, { std: config.initializer_range }).tanh();
}

/** The state of `[CLS]`: `[batch, sequence, hidden]` → `[batch, hidden]`. */
export function firstToken(states: Value): Value {
  return states.slice(1, 0, 1).squeeze([1]);
}
