import backendOnnx from '@zooid/backend-onnx';
import { createKernel, exportModel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';
import { type sizes, writeRandomClassifier } from './random-classifier.js';

/** Below `onnx`, by variant. */
export const graphFiles = { fused: 'model_fused.onnx', int8: 'model_quantized.onnx' } as const;

/** A random classifier with its plain graph, and the forms that are served. Options as in {@link writeRandomClassifier}. */
export async function prepareClassifier(
  folder: string,
  size: keyof typeof sizes,
  options?: { readonly states?: boolean },
): Promise<void> {
  await writeRandomClassifier(folder, size, options);
  await using kernel = await createKernel({ plugins: [storeLocal, backendOnnx], config: { root: folder } });
  // Random weights are further apart than those of trained models; what is measured is time.
  await exportModel(kernel, folder, {
    variants: ['fused', 'int8'],
    tolerance: { points: 100, changed: 1, difference: 1 },
  });
}
