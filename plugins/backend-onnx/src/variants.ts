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

/** What other forms can be made from, the plain graph first. Float16 storage alone is half the size to ship. */
const sources = ['fp32', 'fp16'] as const;
export type SourceVariant = (typeof sources)[number];

/** The forms a folder has, and the one to make others from. */
export function findVariants(folder: string): { readonly source?: SourceVariant; readonly present: Variant[] } {
  const present = (Object.keys(variants) as Variant[]).filter((variant) => has(folder, variant));
  const source = sources.find((variant) => present.includes(variant));
  return { present, ...(source !== undefined && { source }) };
}

const has = (folder: string, variant: Variant): boolean => existsSync(join(folder, 'onnx', variants[variant]));

/** Path of the first of `preferred` that the folder has. */
export function findVariant(folder: string, preferred: readonly Variant[]): string | undefined {
  return preferred.map((variant) => join(folder, 'onnx', variants[variant])).find((file) => existsSync(file));
}
