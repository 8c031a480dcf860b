import { binaryCrossEntropyWithLogits, crossEntropy } from '@zooid/autodiff';
import { type EncoderOutput, firstToken, linear, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { IntentConfig } from '../intent-config.js';
import { taggingWeight } from '../options.js';
import { SlotLabels } from '../slot-labels.js';
import { fuseSlots } from './fusion.js';

/**
 * Fusion, then `u = [Z_cls ; mean of Z over the text]`, dropout and one linear layer.
 *
 * @returns `logits` `[batch, labels]` and, where the fusion has one, `gate` `[batch, sequence]`: its mean over features.
 */
export function intentHead(
  context: ModuleContext,
  encoder: EncoderOutput,
  config: IntentConfig,
): Record<string, Value> {
  const { fusion, headDropout } = config.options;
  const { states, gate } = fuseSlots(context.child('fusion'), encoder, new SlotLabels(config.slotTypes), fusion);
  const pooled = firstToken(states).concat([meanOverText(states, encoder.attentionMask)], -1);
  const logits = linear(context.child('classifier'), context.dropout(pooled, headDropout), config.labels.length);
  return {
    logits,
    ...(gate === undefined ? {} : { gate: gate.mean([2], false) }),
    ...(taggingWeight(config.options) === 0 ? {} : { slot_logits: tagSlots(context, encoder, config) }),
  };
}

/** Scores of each position's gold slot label, from the text alone: `[batch, sequence, 1 + 4·types]`, row 0 = no slot. */
function tagSlots(context: ModuleContext, encoder: EncoderOutput, { goldTypes, options }: IntentConfig): Value {
  const states = context.dropout(encoder.lastHiddenState, options.headDropout);
  return linear(context.child('slot_tagger'), states, 1 + 4 * goldTypes.length);
}

/** Mean of `[batch, sequence, hidden]` over the text: the real positions without the first (`[CLS]`) and the last (`[SEP]`). */
function meanOverText(states: Value, attentionMask: Value): Value {
  const real = attentionMask.cast('float32');
  // A position is text when the one after it is real as well; the first never is.
  const none = real.slice(1, 0, 1).mul(0);
  const text = none.concat([real.slice(1, 2, Number.POSITIVE_INFINITY), none], 1).unsqueeze([2]);
  return states
    .mul(text)
    .sum([1], false)
    .div(text.sum([1], false).maximum(1));
}

/**
 * The intent's loss plus, where slots are tagged, the weighted loss of tagging the gold slots
 * (`slot_labels` `[batch, sequence]`, −100 where nothing is to be tagged).
 */
export function intentLoss(
  context: ModuleContext,
  outputs: Readonly<Record<string, Value>>,
  config: IntentConfig,
  classWeights: readonly number[] | undefined,
): Value {
  const loss = labelLoss(context, outputs.logits!, config, classWeights);
  const tags = outputs.slot_logits;
  if (tags === undefined) return loss;
  const gold = context.input('slot_labels', 'int64', ['batch', 'sequence']);
  return loss.add(crossEntropy(tags, gold).mul(taggingWeight(config.options)));
}

/** Cross entropy over `labels` `[batch]`, or binary cross entropy over `labels` `[batch, labels]` when multi-label. */
function labelLoss(
  context: ModuleContext,
  logits: Value,
  config: IntentConfig,
  classWeights: readonly number[] | undefined,
): Value {
  const count = config.labels.length;
  if (config.options.multiLabel) {
    return binaryCrossEntropyWithLogits(logits, context.input('labels', 'float32', ['batch', count]));
  }
  return crossEntropy(logits, context.input('labels', 'int64', ['batch']), {
    labelSmoothing: config.options.labelSmoothing,
    ...(classWeights === undefined ? {} : { classWeights: context.graph.constant(classWeights) }),
  });
}
