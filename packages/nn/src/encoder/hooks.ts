import type { Value } from '@zooid/onnx';
import type { LinearView, ModuleContext, ParameterView } from '../module-context.js';
import type { AttentionPrefix, PrefixSource } from '../peft/prefix.js';
import type { EncoderConfig } from './config.js';

/** The encoder's batch inputs; what is absent is declared as the ONNX input of the usual name. */
export interface EncoderInputs {
  /** int64 `[batch, sequence]`; default input `input_ids`. */
  readonly inputIds?: Value;
  /** int64 `[batch, sequence]`, 1 = token, 0 = padding; default input `attention_mask`. */
  readonly attentionMask?: Value;
  /** int64 `[batch, sequence]`; default input `token_type_ids`. */
  readonly tokenTypeIds?: Value;
}

/** What every layer of one encoder shares. */
export interface LayerEnvironment {
  readonly config: EncoderConfig;
  /** `[batch | 1, 1 | heads, sequence, prefix + sequence]` up to broadcasting: padding, plus the caller's bias. */
  readonly attnBias: Value;
  readonly attnScale: number;
  /** What the next attention sees before its tokens: to be called once by each, in order. Absent: nothing. */
  readonly nextPrefix?: () => AttentionPrefix;
}

/** One entry of the encoder's layer list. */
export interface LayerModule {
  /** Path of its parameters below the encoder's layers (`bert.encoder`): `layer.3`. Two entries with one path share their weights. */
  readonly path: string;
  /** `[batch, sequence, hidden]` → the same shape. `context` is at `path`. */
  readonly emit: (context: ModuleContext, hidden: Value, environment: LayerEnvironment) => Value;
}

/** `e ← (1 − λm) e + λm v`, between the embedding sum and its LayerNorm. */
export interface EmbedMix {
  /** m: float32 `[batch, sequence, 1]`, usually 0 or 1. */
  readonly mask: Value;
  /** v: float32 `[batch, sequence, width of the embeddings]`. */
  readonly vector: Value;
  /** λ in [0, 1], fixed or a scalar value. */
  readonly lambda: number | Value;
}

/** Where methods reach into the encoder. All are optional; without any, the network is the family's. */
export interface EncoderHooks {
  /** Added to the attention scores of every layer besides the padding: `[batch | 1, 1 | heads, sequence, sequence]`. */
  readonly attnBias?: Value;
  /** Multiplies `q kᵀ`; default `1/√d`. */
  readonly attnScale?: number;
  /** int64 `[batch | 1, sequence]` of rows of the position table, instead of the family's own; `'none'` leaves out the position table altogether. */
  readonly positionIds?: Value | 'none';
  readonly embedMix?: EmbedMix;
  /** In order; default: the family's `num_hidden_layers` layers. */
  readonly layers?: readonly LayerModule[];
  /** Applies to the encoder's parameters, after the views of the context. */
  readonly parameterView?: ParameterView;
  /** Applies to the encoder's linear layers, after the views of the context. */
  readonly linearView?: LinearView;
  /** Keys and values before those of the tokens; default: those of the config's `prefix_length`, as parameters. */
  readonly prefix?: PrefixSource;
}
