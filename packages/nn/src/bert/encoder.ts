import { GraphError, type Value } from '@zooid/onnx';
import { linear } from '../linear.js';
import { paddingBias } from '../masking.js';
import type { ModuleContext } from '../module-context.js';
import type { EncoderConfig } from './config.js';
import { emitEmbeddings } from './embeddings.js';
import type { EncoderHooks, EncoderInputs } from './hooks.js';
import { bertLayer } from './layer.js';

export interface EncoderOutput {
  readonly config: EncoderConfig;
  readonly inputIds: Value;
  /** int64 `[batch, sequence]`, 1 = token, 0 = padding. */
  readonly attentionMask: Value;
  readonly tokenTypeIds: Value;
  /** Additive bias of the padding alone, `[batch, 1, 1, sequence]`, for attention in heads. */
  readonly attnBias: Value;
  /** `[batch, sequence, hidden]` */
  readonly lastHiddenState: Value;
  /** The embeddings' output, then every layer's: one more than there are layers. */
  readonly hiddenStates: readonly Value[];
  /**
   * `tanh(W h₀ + b)` of the first token, `[batch, hidden]`. Emitted, and its parameters `bert.pooler.dense` declared,
   * on the first call: a head that pools for itself carries no dead weights.
   */
  pooledOutput(): Value;
}

/**
 * Emits a BERT encoder under the prefix `bert.`, with the parameter names and layouts of Hugging Face's `BertModel`.
 *
 * @throws GraphError when a layer changes the shape of the hidden state.
 * @see Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers"
 */
export function bertEncoder(
  context: ModuleContext,
  config: EncoderConfig,
  inputs: EncoderInputs = {},
  hooks: EncoderHooks = {},
): EncoderOutput {
  const tokens = ['batch', 'sequence'] as const;
  const inputIds = inputs.inputIds ?? context.input('input_ids', 'int64', tokens);
  const attentionMask = inputs.attentionMask ?? context.input('attention_mask', 'int64', tokens);
  const tokenTypeIds = inputs.tokenTypeIds ?? context.input('token_type_ids', 'int64', tokens);

  const root = hooks.parameterView === undefined ? context : context.withParameterView(hooks.parameterView);
  const bert = root.child('bert');
  const padding = paddingBias(attentionMask);
  const environment = {
    config,
    attnBias: hooks.attnBias === undefined ? padding : padding.add(hooks.attnBias),
    attnScale: hooks.attnScale ?? 1 / Math.sqrt(config.hidden_size / config.num_attention_heads),
  };
  const layers = hooks.layers ?? Array.from({ length: config.num_hidden_layers }, (_, i) => bertLayer(i));
  const encoder = bert.child('encoder');
  const hiddenStates = [emitEmbeddings(bert.child('embeddings'), config, { inputIds, tokenTypeIds }, hooks)];
  for (const { path, emit } of layers) {
    const hidden = hiddenStates.at(-1)!;
    const next = emit(encoder.child(path), hidden, environment);
    if (next.shape.join() !== hidden.shape.join()) {
      throw new GraphError(
        `Encoder layer '${path}' turned [${hidden.shape.join(', ')}] into [${next.shape.join(', ')}]; a layer must keep the shape`,
      );
    }
    hiddenStates.push(next);
  }
  const lastHiddenState = hiddenStates.at(-1)!;

  let pooled: Value | undefined;
  const pooledOutput = (): Value => {
    pooled ??= linear(bert.child('pooler').child('dense'), firstToken(lastHiddenState), config.hidden_size, {
      std: config.initializer_range,
    }).tanh();
    return pooled;
  };
  return {
    config,
    inputIds,
    attentionMask,
    tokenTypeIds,
    attnBias: padding,
    lastHiddenState,
    hiddenStates,
    pooledOutput,
  };
}

/** The state of `[CLS]`: `[batch, sequence, hidden]` → `[batch, hidden]`. */
export function firstToken(states: Value): Value {
  return states.slice(1, 0, 1).squeeze([1]);
}
