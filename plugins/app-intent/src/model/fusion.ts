import {
  type EncoderOutput,
  embedding,
  layerNorm,
  linear,
  MASKED_SCORE,
  type ModuleContext,
  multiHeadAttention,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { FusionOptions } from '../options.js';
import { NONE_LABEL, PAD_LABEL, type SlotLabels } from '../slot-labels.js';

export interface FusedStates {
  /** `[batch, sequence, hidden]` */
  readonly states: Value;
  /** g, where the mode has one: `[batch, sequence, hidden]`, or `[batch, sequence, 1]` for the scalar gate. */
  readonly gate?: Value;
  /** Cd, where the mode has one: what each text position takes from the slots. */
  readonly slotContext?: Value;
  /** Fu, where the mode has a gate. */
  readonly fused?: Value;
}

/**
 * Slot-gated fusion: lexicon labels enter after the encoder, through attention and a gate.
 *
 * ```
 * s  = LN(pool(Emb[slot_ids]))                  [batch, sequence, slotSize]
 * A  = softmax((H Wh Wq)(s Ws Wk)ᵀ / √shared)   [batch, sequence, sequence]
 * Cd = (A (s Ws Wv)) Wc                         [batch, sequence, hidden]
 * g  = σ([H; Cd] Wg)                            [batch, sequence, hidden]
 * Fu = g ⊙ H + (1 − g) ⊙ Cd
 * Z  = LN(Fu + MHA(Fu))
 * ```
 *
 * @see Xiaomi 2020, knowledge fusion for intent classification; Goo et al. 2018, Slot-Gated Modeling (gate shapes)
 */
export function fuseSlots(
  context: ModuleContext,
  encoder: EncoderOutput,
  labels: SlotLabels,
  options: FusionOptions,
): FusedStates {
  const hidden = encoder.lastHiddenState;
  const width = hidden.shape.at(-1) as number;
  if (options.mode === 'none' || options.mode === 'typed') return { states: hidden };

  const slotIds = context.input('slot_ids', 'int64', ['batch', 'sequence', 'labels']);
  // Unnormalised, the young label vectors are too faint for the gate to open to them.
  const slots = layerNorm(context.child('slot_norm'), poolLabels(context, slotIds, labels, options));

  if (options.mode === 'add') {
    return { states: fusedNorm(context, hidden.add(linear(context.child('slot_output'), slots, width))) };
  }

  // The additive gate starts as the plain encoder; behind the convex one a zero context would only scale the text.
  const isAdditive = options.mode !== 'attention' && options.gate === 'additive';
  const attended = slotAttention(context, encoder, slots, options);
  const slotContext = linear(context.child('slot_output'), attended, width, isAdditive ? { std: 0 } : {});
  if (options.mode === 'attention') return { states: fusedNorm(context, hidden.add(slotContext)), slotContext };

  const gate = fusionGate(context.child('gate'), hidden, slotContext, options);
  // g·H + (1 − g)·Cd with one product fewer.
  const fused = isAdditive ? hidden.add(gate.mul(slotContext)) : slotContext.add(gate.mul(hidden.sub(slotContext)));
  if (options.mode === 'gated') return { states: fusedNorm(context, fused), gate, slotContext, fused };

  const mixed = multiHeadAttention(context.child('attention'), fused, fused, {
    heads: options.heads,
    attnBias: encoder.attnBias,
  });
  return { states: fusedNorm(context, fused.add(mixed)), gate, slotContext, fused };
}

/** Several labels on a position become one vector; empty places never take part. */
function poolLabels(context: ModuleContext, slotIds: Value, labels: SlotLabels, options: FusionOptions): Value {
  const vectors = labelVectors(context, slotIds, labels, options.slotSize); // [batch, sequence, labels, slotSize]
  const present = slotIds.equal(PAD_LABEL).not().cast('float32').unsqueeze([3]); // [batch, sequence, labels, 1]
  switch (options.pooling) {
    case 'max':
      return vectors.mul(present).add(present.sub(1).mul(-MASKED_SCORE)).max([2], false);
    case 'mean':
      return vectors
        .mul(present)
        .sum([2], false)
        .div(present.sum([2], false));
    case 'attn': {
      const hiddenScores = linear(context.child('pool'), vectors, options.slotSize).tanh();
      const scores = linear(context.child('pool_score'), hiddenScores, 1, { bias: false });
      return vectors.mul(scores.add(present.sub(1).mul(-MASKED_SCORE)).softmax(2)).sum([2], false);
    }
  }
}

/**
 * Vectors of the label rows. Outside training the table is followed by four rows for types that were never trained:
 * the mean over the trained types of each place, so a type added while serving means "some entity".
 */
function labelVectors(context: ModuleContext, slotIds: Value, labels: SlotLabels, size: number): Value {
  const module = context.child('slot_embeddings');
  if (context.training) return embedding(module, slotIds, labels.rows, size);
  const table = module.parameter('weight', [labels.rows, size], { kind: 'normal', std: 0.02 });
  const count = labels.types.length;
  if (count === 0) return table.gather(slotIds);
  const trained = table.slice(0, 0, labels.trainedRows);
  const meanPerPlace = trained
    .slice(0, NONE_LABEL + 1, labels.trainedRows)
    .reshape([count, 4, size])
    .mean([0], false);
  return trained.concat([meanPerPlace], 0).gather(slotIds);
}

/** Each text position looks over all slot positions in the shared space: `[batch, sequence, sharedSize]`. */
function slotAttention(context: ModuleContext, encoder: EncoderOutput, slots: Value, options: FusionOptions): Value {
  const text = linear(context.child('text_projection'), encoder.lastHiddenState, options.sharedSize);
  const slot = linear(context.child('slot_projection'), slots, options.sharedSize);
  const project = (name: string, x: Value) => linear(context.child(name), x, options.sharedSize, { bias: false });
  const scores = project('slot_query', text).matmul(project('slot_key', slot).swapLastTwo());
  // attnBias is [batch, 1, 1, sequence] for the encoder's heads; here there is one head and no head axis.
  const bias = encoder.attnBias.squeeze([1]);
  return scores
    .mul(1 / Math.sqrt(options.sharedSize))
    .add(bias)
    .softmax(-1)
    .matmul(project('slot_value', slot));
}

function fusionGate(context: ModuleContext, hidden: Value, slotContext: Value, options: FusionOptions): Value {
  const width = hidden.shape.at(-1) as number;
  if (options.gate === 'scalar') {
    const joint = linear(context.child('text'), hidden, width).add(
      linear(context.child('slot'), slotContext, width, { bias: false }),
    );
    return linear(context.child('score'), joint.tanh(), 1, { bias: options.gateBias }).sigmoid();
  }
  return linear(context.child('dense'), hidden.concat([slotContext], -1), width, { bias: options.gateBias }).sigmoid();
}

function fusedNorm(context: ModuleContext, x: Value): Value {
  return layerNorm(context.child('LayerNorm'), x);
}
