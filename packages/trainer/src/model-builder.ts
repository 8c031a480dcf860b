import type { ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';

/** What a model emits: named outputs and, where label inputs were asked for, the scalar mean loss. */
export interface BuiltModel {
  readonly outputs: Readonly<Record<string, Value>>;
  readonly loss?: Value;
}

/**
 * Emits a whole model into a context. Methods compose these freely: an app's head on an encoder with replaced layers,
 * a loss against a teacher's logits read from `context.input`, a temperature from `context.scalar`.
 */
export type ModelBuilder = (context: ModuleContext) => BuiltModel;
