import { join } from 'node:path';
import { type Graph, GraphError, widenFloat16 } from '@zooid/onnx';
import { type ModelArtifacts, ModelError } from '@zooid/spec';
import { findVariants, type SourceVariant, variants } from '../variants.js';
import { readGraph } from './graph-files.js';

/** The form that others are made from. @throws ModelError when the folder has none. */
export function sourceVariant({ id, folder }: ModelArtifacts): SourceVariant {
  const { source } = findVariants(folder);
  if (source !== undefined) return source;
  throw new ModelError(id, `model '${id}': ${folder} has no onnx/${variants.fp32} and no onnx/${variants.fp16}`);
}

/** The source's graph in float32, however it is stored. @throws ModelError when it cannot be read or widened. */
export async function readSource({ id, folder }: ModelArtifacts, variant: SourceVariant): Promise<Graph> {
  const file = variants[variant];
  try {
    const graph = await readGraph({ folder: join(folder, 'onnx'), file });
    return variant === 'fp16' ? widenFloat16(graph) : graph;
  } catch (cause) {
    if (!(cause instanceof GraphError)) throw cause;
    throw new ModelError(id, `model '${id}': onnx/${file} cannot be rewritten: ${cause.message}`, { cause });
  }
}
