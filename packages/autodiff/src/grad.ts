import { type Graph, GraphError, type GraphNode, intAttribute, isOp, type Value } from '@zooid/onnx';
import { formatShape } from '@zooid/tensor';
import { customGradientOf } from './custom-gradient.js';
import { MissingGradientError } from './errors.js';
import { vjpRules } from './vjp/index.js';
import { VjpNode } from './vjp/rule.js';

/** Gradient rows of a table that was gathered from: `values` `[...indices, width]` belongs to rows `indices`. */
export interface RowGradient {
  readonly indices: Value;
  readonly values: Value;
}

/** The parts of one gradient; they add up. None of them: the loss does not depend on the value. */
export interface Gradient {
  /** Shaped like the value. */
  readonly dense?: Value;
  /** Repeated indices accumulate. Empty unless the value was asked for in `rows`. */
  readonly rows: readonly RowGradient[];
}

export interface GradOptions {
  /**
   * Tables whose gradient rows should be returned as they are where the table is gathered from along axis 0, since
   * adding a few rows on the host is a hundred times cheaper than a dense scatter in the graph.
   */
  readonly rows?: Iterable<Value>;
  /** Return rows only where the table is gathered with one of these indices (those the host knows); default: always. */
  readonly rowIndices?: Iterable<Value>;
}

/**
 * Appends to `graph` the nodes that compute the gradient of `loss` with respect to each of `wrt`, in that order.
 * Reverse mode: the cotangents of a value used several times add up.
 *
 * @param loss a float scalar (one element).
 * @throws GraphError when the loss is not a float scalar of this graph.
 * @throws MissingGradientError when an operator on the way has no derivative.
 */
export function grad(graph: Graph, loss: Value, wrt: readonly Value[], options: GradOptions = {}): readonly Gradient[] {
  if (loss.graph !== graph) throw new GraphError(`The loss '${loss.name}' belongs to another graph`);
  if (!loss.dtype.startsWith('float') || loss.shape.some((dim) => dim !== 1)) {
    throw new GraphError(
      `A loss is a float scalar, got ${loss.dtype} ${formatShape(loss.shape)}; reduce it with mean or sum`,
    );
  }
  return new Backward(graph, loss, wrt, options).run();
}

/** `sources` and every value of the graph that a gradient with respect to them passes through. */
export function influencedBy(graph: Graph, sources: readonly Value[]): Set<Value> {
  const active = new Set(sources);
  for (const node of graph.nodes) {
    for (const output of node.outputs) {
      const inputs = customGradientOf(output)?.inputs ?? node.inputs;
      if (output.dtype.startsWith('float') && inputs.some((value) => value !== null && active.has(value)))
        active.add(output);
    }
  }
  return active;
}

class Backward {
  private readonly cotangents = new Map<Value, Value>();
  private readonly rowGradients = new Map<Value, RowGradient[]>();
  private readonly rowTables: ReadonlySet<Value>;
  private readonly rowIndices: ReadonlySet<Value> | undefined;
  /** Values through which a wanted value influences others. */
  private readonly active: Set<Value>;
  /** The node that first sent a cotangent to each value, to tell the path from the loss. */
  private readonly senders = new Map<Value, GraphNode>();

  constructor(
    private readonly graph: Graph,
    private readonly loss: Value,
    private readonly wrt: readonly Value[],
    options: GradOptions,
  ) {
    this.rowTables = new Set(options.rows);
    this.rowIndices = options.rowIndices && new Set(options.rowIndices);
    this.active = influencedBy(graph, wrt);
  }

  run(): readonly Gradient[] {
    const { graph, loss } = this;
    if (this.active.has(loss)) {
      this.cotangents.set(loss, graph.constant([1], loss.dtype, loss.shape as readonly number[]));
    }
    for (const node of [...graph.nodes].reverse()) {
      const cotangents = node.outputs.map((output) => this.cotangents.get(output));
      if (cotangents.some((cotangent) => cotangent !== undefined)) this.visit(node, cotangents);
    }
    return this.wrt.map((value) => {
      const dense = this.cotangents.get(value);
      return { ...(dense && { dense }), rows: this.rowGradients.get(value) ?? [] };
    });
  }

  private visit(node: GraphNode, cotangents: readonly (Value | undefined)[]): void {
    const custom = customGradientOf(node.outputs[0]!);
    if (custom !== undefined) {
      const results = custom.vjp(cotangents[0]!);
      custom.inputs.forEach((value, i) => {
        if (this.active.has(value) && results[i] != null) this.send(value, results[i], node);
      });
      return;
    }
    const rule = isOp(node.op) ? vjpRules[node.op] : 'missing';
    if (rule === 'constant' || !node.inputs.some((value) => value !== null && this.active.has(value))) return;
    if (rule === 'missing') throw new MissingGradientError(node.op, this.path(node));
    if (this.sendRows(node, cotangents[0])) return;
    rule(new VjpNode(node, cotangents, () => this.path(node))).forEach((cotangent, i) => {
      const value = node.inputs[i];
      if (value != null && cotangent !== null && this.active.has(value)) this.send(value, cotangent(), node);
    });
  }

  /** Keeps the rows of a gathered table apart from its dense gradient. */
  private sendRows({ op, inputs, attributes }: GraphNode, values: Value | undefined): boolean {
    if (op !== 'Gather' || values === undefined || intAttribute(attributes, 'axis', 0) !== 0) return false;
    const [table, indices] = [inputs[0]!, inputs[1]!];
    if (!this.rowTables.has(table) || this.rowIndices?.has(indices) === false) return false;
    this.rowGradients.set(table, [...(this.rowGradients.get(table) ?? []), { indices, values }]);
    return true;
  }

  private send(value: Value, cotangent: Value, from: GraphNode): void {
    if (cotangent.rank !== value.rank || cotangent.dtype !== value.dtype) {
      throw new GraphError(
        `The gradient of ${from.op} gave '${value.name}' a cotangent ${cotangent.dtype} ${formatShape(cotangent.shape)}; ` +
          `it must be ${value.dtype} ${formatShape(value.shape)}`,
      );
    }
    const sum = this.cotangents.get(value);
    this.cotangents.set(value, sum === undefined ? cotangent : sum.add(cotangent));
    if (!this.senders.has(value)) this.senders.set(value, from);
  }

  private path(node: GraphNode): readonly string[] {
    const names: string[] = [];
    let at: GraphNode | undefined = node;
    while (at !== undefined) {
      names.unshift(at.name);
      at = at.outputs.map((output) => this.senders.get(output)).find((sender) => sender !== undefined);
    }
    return names;
  }
}
