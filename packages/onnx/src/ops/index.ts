import { formatShape } from '@zooid/tensor';
import type { Attributes } from '../attributes.js';
import { GraphError, UnsupportedOpError } from '../errors.js';
import type { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { type ContribOp, contribRules } from './contrib.js';
import { type ElementwiseOp, elementwiseRules } from './elementwise.js';
import { type FusedOp, fusedRules } from './fused.js';
import { type IndexingOp, indexingRules } from './indexing.js';
import { type LinearOp, linearRules } from './linear.js';
import { type MovementOp, movementRules } from './movement.js';
import { type NormalizationOp, normalizationRules } from './normalization.js';
import { type QuantizationOp, type QuantizerOp, quantizationRules, quantizerRules } from './quantization.js';
import { type RecurrentOp, recurrentRules } from './recurrent.js';
import { type ReductionOp, reductionRules } from './reduction.js';
import { NodeView, type OpRule, type OutputType } from './rule.js';

/** Every operator a graph may hold, at opset 17. */
export type Op =
  | ElementwiseOp
  | LinearOp
  | ReductionOp
  | MovementOp
  | IndexingOp
  | NormalizationOp
  | RecurrentOp
  | ContribOp
  | FusedOp
  | QuantizerOp
  | QuantizationOp;
export type OpDomain = '' | 'com.microsoft';
/** An operator that a model from outside holds and the table does not know, with its domain: `com.microsoft::Sampling`. */
export type UnknownOp = `${string}::${string}`;

/** The table: one rule per operator. An operator without a rule does not compile. */
export const opRules: { readonly [P in Op]: OpRule } = {
  ...elementwiseRules,
  ...linearRules,
  ...reductionRules,
  ...movementRules,
  ...indexingRules,
  ...normalizationRules,
  ...recurrentRules,
  ...contribRules,
  ...fusedRules,
  ...quantizerRules,
  ...quantizationRules,
};

/** Operators outside the ONNX standard. */
const contribOps: ReadonlySet<string> = new Set<string>([
  'Gelu' satisfies Op,
  ...Object.keys(contribRules),
  ...Object.keys(fusedRules),
  ...Object.keys(quantizationRules),
]);

export function isOp(name: string): name is Op {
  return Object.hasOwn(opRules, name);
}

/** The operator set that an operator belongs to. */
export function opDomain(op: Op | UnknownOp): OpDomain {
  return contribOps.has(op) ? 'com.microsoft' : '';
}

/** @throws UnsupportedOpError, ShapeMismatchError, GraphError */
export function inferOutputs(
  op: Op | UnknownOp,
  domain: string,
  inputs: readonly (Value | null)[],
  attributes: Attributes,
  outputCount: number,
  graph: Graph,
): readonly OutputType[] {
  if (!isOp(op) || opDomain(op) !== domain) throw new UnsupportedOpError(op, domain);
  const stranger = inputs.find((value) => value !== null && value.graph !== graph);
  if (stranger) throw new GraphError(`${op} was given '${stranger.name}', which belongs to another graph`);
  const outputs = opRules[op](new NodeView(op, inputs, attributes, outputCount, graph));
  if (outputs.length < outputCount)
    throw new GraphError(`${op} has ${outputs.length} outputs, ${outputCount} were asked for`);
  for (const { shape } of outputs) {
    const wrong = shape.find((dim) => typeof dim === 'number' && (!Number.isSafeInteger(dim) || dim < 0));
    if (wrong !== undefined) throw new GraphError(`${op} would have a dim of ${wrong} in ${formatShape(shape)}`);
  }
  return outputs.slice(0, outputCount);
}
