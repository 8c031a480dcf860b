import type { Value } from '@zooid/onnx';

/** A gradient that replaces the one the graph between `inputs` and a value would give. */
export interface CustomGradient {
  /** The values that receive a cotangent, in the order of `vjp`'s results. */
  readonly inputs: readonly Value[];
  /** Cotangents of `inputs` from the cotangent of the value; `null` where none flows. */
  readonly vjp: (dy: Value) => readonly (Value | null)[];
}

// A side table, since a graph may only hold what ONNX knows.
const customGradients = new WeakMap<Value, CustomGradient>();

/**
 * Gives `value` a gradient of its own: `grad` will not walk the nodes that made it, but ask `gradient`. For composites
 * whose derivative is cheaper or more stable than the sum of its parts.
 */
export function withGradient(value: Value, gradient: CustomGradient): Value {
  customGradients.set(value, gradient);
  return value;
}

/** The same number, through which no gradient flows. */
export function stopGradient(x: Value): Value {
  return withGradient(x.graph.emit('Identity', [x])[0]!, { inputs: [], vjp: () => [] });
}

export function customGradientOf(value: Value): CustomGradient | undefined {
  return customGradients.get(value);
}

/** Whether `withGradient` gave the value a gradient of its own, so that its nodes must stay as they are. */
export function hasOwnGradient(value: Value): boolean {
  return customGradients.has(value);
}
