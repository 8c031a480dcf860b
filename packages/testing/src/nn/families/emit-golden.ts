import {
  binaryCrossEntropyWithLogits,
  causalLanguageModelHead,
  crossEntropy,
  discriminatorHead,
  encoderFamily,
  gpt2Decoder,
  type ModuleContext,
  maskedLanguageModelHead,
  parseGpt2Config,
  sequenceClassificationHead,
  tokenClassificationHead,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { GoldenModel } from './golden-files.js';

const LABELS = 3;
export interface EmittedTask {
  /** The first axes of the logits are `[batch, …]`. */
  readonly logits: Value;
  readonly loss: Value;
}

/** Emits a golden model with one head and the loss its golden numbers are of. */
export function emitGolden(context: ModuleContext, model: GoldenModel, task: string): EmittedTask {
  if (task === 'causal-language-model') return emitCausal(context, model);
  const family = encoderFamily(model.config);
  const config = family.parse(model.config);
  const encoder = family.build(context, config);
  const states = encoder.lastHiddenState;
  // Losses over real tokens only, with labels made of the ids.
  const real = encoder.attentionMask.cast('float32');
  switch (task) {
    case 'sequence-classification': {
      const logits = sequenceClassificationHead(context, config, encoder, LABELS);
      return { logits, loss: crossEntropy(logits, context.input('labels', 'int64', ['batch'])) };
    }
    case 'token-classification': {
      const logits = tokenClassificationHead(context, config, states, LABELS);
      const labels = remainder(encoder.inputIds, LABELS);
      return { logits, loss: crossEntropy(logits, ignoreWhere(encoder.attentionMask.equal(0), labels)) };
    }
    case 'masked-language-model': {
      const positions = context.input('masked_positions', 'int64', ['masked']);
      const masked = states.reshape([-1, config.hidden_size]).gather(positions);
      const loss = crossEntropy(
        maskedLanguageModelHead(context, config, masked),
        context.input('masked_labels', 'int64', ['masked']),
      );
      return { logits: maskedLanguageModelHead(context, config, states), loss };
    }
    case 'discriminator': {
      const logits = discriminatorHead(context, config, states);
      const replaced = remainder(encoder.inputIds, 2).cast('float32');
      const loss = binaryCrossEntropyWithLogits(logits, replaced, { mask: real });
      return { logits, loss };
    }
    default:
      throw new Error(`No golden task '${task}'`);
  }
}

function emitCausal(context: ModuleContext, model: GoldenModel): EmittedTask {
  const config = parseGpt2Config(model.config);
  const decoder = gpt2Decoder(context, config);
  const logits = causalLanguageModelHead(context, config, decoder.lastHiddenState);
  const labels = ignoreWhere(decoder.attentionMask.equal(0), decoder.inputIds).slice(1, 1, Number.POSITIVE_INFINITY);
  return { logits, loss: crossEntropy(logits.slice(1, 0, -1), labels) };
}

function ignoreWhere(condition: Value, labels: Value): Value {
  return condition.where(labels.graph.scalar(-100, 'int64'), labels);
}

function remainder(ids: Value, divisor: number): Value {
  return ids.sub(ids.div(divisor).mul(divisor));
}
