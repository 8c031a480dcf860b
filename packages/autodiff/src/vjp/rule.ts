import { type Attributes, type Graph, type GraphNode, type Value } from '@zooid/onnx';
import { MissingGradientError } from '../errors.js';

/** Emits the cotangent of one input. Called only when something needs it, so a frozen layer costs nothing. */
export type Cotangent = () => Value;

/** One entry per input, shaped like that input; `null` where no gradient flows. */
export type VjpRule = (node: VjpNode) => readonly (Cotangent | null)[];

/** A node as its rule sees it. */
export class VjpNode {
  constructor(
    private readonly node: GraphNode,
    /** Cotangents of the outputs; `undefined` where an output does not influence the loss. */
    readonly cotangents: readonly (Value | undefined)[],
    /** Node names from the loss to this node, for messages. */
    private readonly path: () => readonly string[],
  ) {}

  get graph(): Graph {
    return this.outputs[0]!.graph;
  }

  get outputs(): readonly Value[] {
    return this.node.outputs;
  }

  get attributes(): Attributes {
    return this.node.attributes;
  }

  /** Inputs of which none is omitted; a rule that can do with fewer uses `optional`. */
  get inputs(): readonly Value[] {
    return this.node.inputs as readonly Value[];
  }

  get x(): Value {
    return this.inputs[0]!;
  }

  /** The first output. */
  get y(): Value {
    return this.outputs[0]!;
  }

  /** The cotangent of the first output. */
  get dy(): Value {
    return this.cotangents[0] ?? this.missing('has no VJP rule for its further outputs');
  }

  optional(index: number): Value | undefined {
    return this.node.inputs[index] ?? undefined;
  }

  /** Refuses a case that the rule does not cover. */
  missing(reason: string): never {
    throw new MissingGradientError(this.node.op, this.path(), reason);
  }
}
