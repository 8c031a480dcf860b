import type { Value } from '@zooid/onnx';
import type { EncoderConfig } from '../encoder/config.js';
import { normal } from '../initialise.js';
import type { ModuleContext } from '../module-context.js';

/** What one attention sees before its tokens: keys and values `[length, hidden]`, heads side by side. */
export interface AttentionPrefix {
  readonly key: Value;
  readonly value: Value;
}

/** The prefix of an encoder. */
export interface PrefixSource {
  /** Positions. */
  readonly length: number;
  /** What the attention at a place of the network sees, counted from 0 in order of computation. */
  layer(index: number): AttentionPrefix;
}

/** Path of an encoder's prefix below the family's. */
export const prefixPath = 'prefix';

/**
 * The prefix as a trained model keeps it: parameters `prefix.<index>.key` and `prefix.<index>.value`, `[length, hidden]`, below
 * `base`. Layers that share their weights have prefixes of their own.
 *
 * @returns `undefined` when the config has none.
 */
export function storedPrefix(base: ModuleContext, config: EncoderConfig): PrefixSource | undefined {
  const { prefix_length: length = 0, hidden_size: hidden, initializer_range: std } = config;
  if (length === 0) return undefined;
  const part = (index: number, name: string): Value =>
    base.child(`${prefixPath}.${index}`).parameter(name, [length, hidden], normal(std));
  return { length, layer: (index) => ({ key: part(index, 'key'), value: part(index, 'value') }) };
}

/** Every call gives the next attention's part. */
export function prefixInTurn(prefix: PrefixSource): () => AttentionPrefix {
  let index = 0;
  return () => prefix.layer(index++);
}

/** The additive bias with columns for the prefix, which everybody sees: `[…, key]` → `[…, length + key]`. */
export function prefixBias(bias: Value, prefix: PrefixSource | undefined): Value {
  if (prefix === undefined || prefix.length === 0) return bias;
  const { graph, rank } = bias;
  const before = Array.from({ length: 2 * rank }, (_, i) => (i === rank - 1 ? prefix.length : 0));
  return graph.emit('Pad', [bias, graph.constant(before, 'int64')])[0]!;
}
