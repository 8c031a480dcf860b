import type { EncoderOutput, ModuleContext } from '@zooid/nn';
import type { ModelBuilder } from './model-builder.js';
import type { PreparedTask } from './training-task.js';

/** Emits an encoder on the inputs `input_ids`, `attention_mask`, `token_type_ids`. */
export type EncoderBuilder = (context: ModuleContext) => EncoderOutput;

/** An app's head on an encoder, with the app's loss when `loss` is set. */
export function taskModel(
  task: Pick<PreparedTask, 'head' | 'loss'>,
  encoder: EncoderBuilder,
  options: { readonly loss: boolean },
): ModelBuilder {
  return (context) => {
    const outputs = task.head(context, encoder(context));
    return options.loss ? { outputs, loss: task.loss(context, outputs) } : { outputs };
  };
}
