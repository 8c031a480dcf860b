import { type Graph, storeFloat16, writeModel } from '@zooid/onnx';
import { type HostTensor, toFloat16 } from '@zooid/tensor';

/** How a model folder stores weights. Computing stays float32. */
export const precisions = ['float32', 'float16'] as const;
export type Precision = (typeof precisions)[number];

/** The graph in a model folder, named as transformers.js names its forms. */
export const graphFiles: Readonly<Record<Precision, string>> = {
  float32: 'onnx/model.onnx',
  float16: 'onnx/model_fp16.onnx',
};

/** Weights as `model.safetensors` holds them. */
export function storedWeights(
  weights: ReadonlyMap<string, HostTensor<'float32'>>,
  precision: Precision,
): Iterable<readonly [string, HostTensor]> {
  if (precision === 'float32') return weights;
  return Array.from(weights, ([name, { dims, data }]) => [name, { dtype: precision, dims, data: toFloat16(data) }]);
}

/** The graph as its file holds it. */
export function storedGraph(graph: Graph, precision: Precision): Uint8Array {
  return writeModel(precision === 'float32' ? graph : storeFloat16(graph));
}
