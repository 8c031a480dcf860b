import { type Issue, ValidationError } from '@zooid/common';
import { assertFinite, CheckpointError } from '@zooid/hub';
import type { DeclaredParameter } from '@zooid/nn';
import { type Graph, graphParameters } from '@zooid/onnx';
import { type HostTensor, tensor } from '@zooid/tensor';
import type { BaseWeights } from '../base-weights.js';

export interface ImportedWeightsOptions {
  readonly graph: Graph;
  /** The outputs that are trained; what only others need may still start parameters of an app's head. */
  readonly outputs: readonly string[];
  readonly nameOf: (name: string) => string;
  /** For messages. */
  readonly subject: string;
}

/**
 * The weights of an exported graph by the names under which they are trained.
 *
 * @throws ValidationError when there are none to train, or two would have one name.
 */
export function importedWeights(options: ImportedWeightsOptions): ReadonlyMap<string, HostTensor<'float32'>> {
  const { graph, outputs, nameOf, subject } = options;
  const weights = new Map<string, HostTensor<'float32'>>();
  const issues: Issue[] = [];
  for (const { name, dims, data } of graphParameters(graph, { outputs })) {
    const known = nameOf(name);
    if (weights.has(known)) issues.push({ path: '', message: `two weights of the graph are both called '${known}'` });
    weights.set(known, tensor('float32', data, dims));
  }
  if (weights.size === 0) {
    const message = 'the graph holds no floating-point weights to train; take the plain export, not a quantized one';
    issues.push({ path: '', message });
  }
  if (issues.length > 0) throw new ValidationError(subject, issues);
  for (const { name, dims, data } of graphParameters(graph)) {
    const known = nameOf(name);
    if (!weights.has(known)) weights.set(known, tensor('float32', data, dims));
  }
  return weights;
}

/**
 * Values for the declared parameters: copies, as the export's are views of its file. What the graph has under no such
 * name or in another shape starts new.
 *
 * @throws ValidationError naming every tensor that holds NaN or infinity.
 */
export function startingWeights(
  available: ReadonlyMap<string, HostTensor<'float32'>>,
  declared: readonly DeclaredParameter[],
  subject: string,
): BaseWeights {
  const weights = new Map<string, HostTensor<'float32'>>();
  const fresh: string[] = [];
  const issues: Issue[] = [];
  for (const { name, shape } of declared) {
    const found = available.get(name);
    if (found === undefined || found.dims.join() !== shape.join()) {
      fresh.push(name);
      continue;
    }
    try {
      assertFinite(name, found);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      issues.push({ path: '', message: error.message });
    }
    weights.set(name, { ...found, data: found.data.slice() });
  }
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return { weights, fresh, unused: [...available.keys()].filter((name) => !weights.has(name)) };
}
