import type { Graph, Value } from '@zooid/onnx';
import type { Shape } from '@zooid/tensor';

/** How a parameter starts when no checkpoint provides it. */
export type Initializer =
  | { readonly kind: 'normal'; readonly std: number }
  | { readonly kind: 'truncated-normal'; readonly std: number }
  | { readonly kind: 'uniform'; readonly bound: number }
  | { readonly kind: 'zeros' }
  | { readonly kind: 'ones' }
  | { readonly kind: 'constant'; readonly value: number };

/** A parameter met while building, under its full name (`bert.embeddings.word_embeddings.weight`). */
export interface DeclaredParameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initializer: Initializer;
}

/**
 * `weight → weight'` where a parameter is used: masks, low-rank updates, quantisation noise. Called once per parameter
 * and set of views; return `weight` itself to leave it alone, otherwise a value of the same shape. `context` is the
 * root without views, so a view declares its own parameters by full name: `` context.parameter(`${name}.lora_A`, …) ``.
 */
export type ParameterView = (name: string, weight: Value, context: ModuleContext) => Value;

/** A linear layer `output = input Wᵀ + b` as it was emitted. */
export interface LinearLayer {
  /** Full path: the weight's name without `.weight`. */
  readonly path: string;
  /** `[..., in]` */
  readonly input: Value;
  /** `[..., out]` */
  readonly output: Value;
}

/**
 * `output → output'` of a linear layer: what is added beside its weight instead of to it, such as a low-rank path. Return
 * `layer.output` itself to leave the layer alone. `context` is the root without views, as for a {@link ParameterView}.
 */
export type LinearView = (layer: LinearLayer, context: ModuleContext) => Value;

/**
 * What a module sees while it emits its part of a graph. Modules are functions of a context and values; the context
 * names parameters by path, applies parameter views, and turns dropout on or off.
 */
export interface ModuleContext {
  readonly graph: Graph;
  /** Whether dropout is active. */
  readonly training: boolean;
  /** Dotted path of the module being emitted; `''` at the root. */
  readonly path: string;
  /** A context whose parameter names are prefixed with `name` + '.'. */
  child(name: string): ModuleContext;
  /** This context with `view` applied to every parameter taken from it, after the views it already has. */
  withParameterView(view: ParameterView): ModuleContext;
  /** This context with `view` applied to every linear layer emitted from it, after the views it already has. */
  withLinearView(view: LinearView): ModuleContext;
  /**
   * The parameter `name` below this context's path, declared on first use and shared afterwards; the parameter views
   * (masks, low-rank updates), if any, are applied here. @throws GraphError when declared again with another shape.
   */
  parameter(name: string, shape: readonly number[], initializer: Initializer): Value;
  /** `output` of the linear layer at this context's path, as its views want it seen. For modules that emit one. */
  linearOutput(input: Value, output: Value): Value;
  /** Inverted dropout with a mask fed by the seeded runtime generator; identity when not training or rate is 0. */
  dropout(x: Value, rate: number): Value;
  /**
   * A batch input by its ONNX name (not prefixed), declared on first use and shared afterwards.
   * @throws GraphError when declared again with another dtype or shape.
   */
  input(name: string, dtype: 'float32' | 'int64', shape: Shape): Value;
  /** A float32 scalar fed per step, by its ONNX name. */
  scalar(name: string): Value;
  /**
   * Marks `x`, in order of the network, as a place where training may cut the model in two, keeping `x` and computing
   * what lies between two marks again for the backward pass: the output of each layer.
   */
  boundary(x: Value): void;
}
