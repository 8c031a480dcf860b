import type { Attributes } from '../attributes.js';
import type { Graph } from '../graph.js';
import type { Value } from '../value.js';

/** A node as a file describes it, with its inputs found. */
export interface NodeSpec {
  readonly opType: string;
  readonly domain: string;
  readonly name: string;
  /** `null` is an omitted optional input. */
  readonly inputs: readonly (Value | null)[];
  /** Names; empty where an optional output is not wanted. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** The node to append instead, or what was appended already, in the order of the outputs. */
export type LiftedNode = NodeSpec | readonly Value[];

export type Lift = (node: NodeSpec, graph: Graph, opset: number) => LiftedNode;

export function without(attributes: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}
