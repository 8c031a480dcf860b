import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Forms of one graph in a model folder, named as transformers.js names the files. */
export const variants = {
  fp32: 'model.onnx',
  fused: 'model_fused.onnx',
  int8: 'model_quantized.onnx',
  q4: 'model_q4.onnx',
  fp16: 'model_fp16.onnx',
} as const;

export type Variant = keyof typeof variants;

export function isVariant(name: string): name is Variant {
  return Object.hasOwn(variants, name);
}

/** Path of the first of `preferred` that the folder has. */
export function findVariant(folder: string, preferred: readonly Variant[]): string | undefined {
  return preferred.map((variant) => join(folder, 'onnx', variants[variant])).find((file) => existsSync(file));
}
