import { type Issue, ValidationError } from '@zooid/common';
import { assertFinite, CheckpointError } from '@zooid/hub';
import type { DeclaredParameter } from '@zooid/nn';
import { type Graph, type GraphParameter, graphParameters } from '@zooid/onnx';
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

/** By the names under which they are trained. Whoever keeps it keeps copies of all numbers that were asked for. */
export type ImportedWeights = ReadonlyMap<string, GraphParameter>;

/**
 * The weights of an exported graph by the names under which they are trained.
 *
 * @throws ValidationError when there are none to train, or two would have one name.
 */
export function importedWeights(options: ImportedWeightsOptions): ImportedWeights {
  const { graph, outputs, nameOf, subject } = options;
  const weights = new Map<string, GraphParameter>();
  const issues: Issue[] = [];
  for (const parameter of graphParameters(graph, { outputs })) {
    const name = nameOf(parameter.name);
    if (weights.has(name)) issues.push({ path: '', message: `two weights of the graph are both called '${name}'` });
    weights.set(name, parameter);
  }
  if (weights.size === 0) {
    const message = 'the graph holds no floating-point weights to train; take the plain export, not a quantized one';
    issues.push({ path: '', message });
  }
  if (issues.length > 0) throw new ValidationError(subject, issues);
  for (const parameter of graphParameters(graph)) {
    const name = nameOf(parameter.name);
    if (!weights.has(name)) weights.set(name, parameter);
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
  available: ImportedWeights,
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
    const copy = tensor('float32', found.data.slice(), shape);
    try {
      assertFinite(name, copy);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      issues.push({ path: '', message: error.message });
    }
    weights.set(name, copy);
  }
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return { weights, fresh, unused: [...available.keys()].filter((name) => !weights.has(name)) };
}
