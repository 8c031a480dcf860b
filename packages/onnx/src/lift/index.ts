import { liftFromAbove17 } from './above-17.js';
import { liftFromBelow13 } from './below-13.js';
import type { Lift, LiftedNode } from './node-spec.js';

/** Operator sets that can be read; every graph is at 17 afterwards. */
export const OLDEST_OPSET = 11;
export const NEWEST_OPSET = 21;

/**
 * Says a standard operator of another opset in the words of opset 17. Between 13 and 17 nothing changed that the table
 * describes; before, axes and sizes were attributes and softmax flattened; after, axes of reductions became inputs.
 */
export const liftNode: Lift = (node, graph, opset): LiftedNode => {
  if (node.domain !== '') return node;
  const lifts = opset < 13 ? liftFromBelow13 : opset > 17 ? liftFromAbove17 : {};
  return Object.hasOwn(lifts, node.opType) ? lifts[node.opType]!(node, graph, opset) : node;
};
