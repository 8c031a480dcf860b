import type { Value } from '@zooid/onnx';
import { firstPositions } from '../encoder/positions.js';
import { normal } from '../initialise.js';
import { layerNorm } from '../layer-norm.js';
import { causalBias, paddingBias } from '../masking.js';
import type { ModuleContext } from '../module-context.js';
import type { Gpt2Config } from './config.js';
import { emitGpt2Layer } from './layer.js';

export interface DecoderInputs {
  /** int64 `[batch, sequence]`; default input `input_ids`. */
  readonly inputIds?: Value;
  /** int64 `[batch, sequence]`, 1 = token, 0 = padding; default input `attention_mask`. */
  readonly attentionMask?: Value;
}

export interface DecoderOutput {
  readonly config: Gpt2Config;
  readonly inputIds: Value;
  readonly attentionMask: Value;
  /** `[batch, sequence, n_embd]`, after the last LayerNorm. */
  readonly lastHiddenState: Value;
  /** The embeddings, then every layer's output; the last after the last LayerNorm, as Hugging Face gives them. */
  readonly hiddenStates: readonly Value[];
}

/**
 * Emits a GPT-2 decoder under the prefix `transformer.`, with the parameter names and layouts of Hugging Face's
 * `GPT2Model`. Every token sees itself and the tokens before it; positions count from 0, so rows are padded on the
 * right.
 *
 * @see Radford et al. 2019, "Language Models are Unsupervised Multitask Learners"
 */
export function gpt2Decoder(context: ModuleContext, config: Gpt2Config, inputs: DecoderInputs = {}): DecoderOutput {
  const tokens = ['batch', 'sequence'] as const;
  const inputIds = inputs.inputIds ?? context.input('input_ids', 'int64', tokens);
  const attentionMask = inputs.attentionMask ?? context.input('attention_mask', 'int64', tokens);
  const base = context.child('transformer');
  const { n_embd: width, initializer_range: std } = config;
  const words = base.child('wte').parameter('weight', [config.vocab_size, width], normal(std));
  const positions = base.child('wpe').parameter('weight', [config.n_positions, width], normal(std));

  const bias = paddingBias(attentionMask).add(causalBias(inputIds));
  const embedded = words.gather(inputIds).add(firstPositions(positions, inputIds));
  const hiddenStates = [base.dropout(embedded, config.embd_pdrop)];
  context.boundary(hiddenStates[0]!);
  for (let index = 0; index < config.n_layer; index++) {
    hiddenStates.push(emitGpt2Layer(base.child(`h.${index}`), hiddenStates.at(-1)!, { config, index, bias }));
    context.boundary(hiddenStates.at(-1)!);
  }
  const lastHiddenState = layerNorm(base.child('ln_f'), hiddenStates.pop()!, config.layer_norm_epsilon);
  hiddenStates.push(lastHiddenState);
  return { config, inputIds, attentionMask, lastHiddenState, hiddenStates };
}
