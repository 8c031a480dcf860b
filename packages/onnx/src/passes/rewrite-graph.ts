import type { HostTensor } from '@zooid/tensor';
import type { Graph, GraphNode } from '../graph.js';
import { pruneGraph } from '../prune-graph.js';
import type { Value } from '../value.js';

/**
 * Looks at one node of the source graph and, when it is the last of a pattern, emits what replaces its first output
 * into the new graph. What the pattern computed before is dropped when nobody else needs it.
 */
export type RewriteRule = (node: GraphNode, rewriting: Rewriting) => Value | undefined;

/** May emit something else for a constant of the source graph. */
export type InitializerRule = (value: Value, data: HostTensor, rewriting: Rewriting) => Value | undefined;

export interface Rewrite {
  /** The first rule that matches a node wins. */
  readonly rules?: readonly RewriteRule[];
  readonly initializers?: InitializerRule;
}

/** A graph of the same inputs and outputs in which every match of a rule is replaced. `source` is not touched. */
export function rewriteGraph(source: Graph, { rules = [], initializers }: Rewrite): Graph {
  const rewriting = new Rewriting(source);
  const { graph } = rewriting;
  for (const value of source.inputs) rewriting.replace(value, graph.input(value.name, value.dtype, value.shape));
  for (const [value, data] of source.initializers) {
    rewriting.replace(value, initializers?.(value, data, rewriting) ?? rewriting.copyInitializer(value, data));
  }
  for (const node of source.nodes) {
    const replacement = firstMatch(rules, node, rewriting);
    if (replacement !== undefined) rewriting.replace(node.outputs[0]!, replacement);
    else rewriting.copy(node);
  }
  for (const value of source.outputs) graph.output(rewriting.copyOf(value), value.name);
  return pruneGraph(graph, { keepInputs: true });
}

/** A source graph, the graph it is rewritten into, and how far that has come. */
export class Rewriting {
  readonly graph: Graph;
  private readonly copies = new Map<Value, Value>();
  private readonly readers = new Map<Value, GraphNode[]>();
  private readonly shared = new Map<string, unknown>();

  constructor(readonly source: Graph) {
    this.graph = source.derive();
    for (const node of source.nodes) {
      for (const value of node.inputs) {
        if (value === null) continue;
        const found = this.readers.get(value);
        if (found === undefined) this.readers.set(value, [node]);
        else found.push(node);
      }
    }
  }

  /** What stands for a value of the source graph in the new one. */
  copyOf(value: Value): Value {
    return this.copies.get(value)!;
  }

  replace(value: Value, by: Value): void {
    this.copies.set(value, by);
  }

  copyInitializer(value: Value, data: HostTensor): Value {
    return this.source.literals.has(value)
      ? this.graph.literal(value.name, data)
      : this.graph.initializer(value.name, data);
  }

  copy(node: GraphNode): void {
    const inputs = node.inputs.map((value) => (value === null ? null : this.copyOf(value)));
    this.graph.copyNode(node, inputs).forEach((copy, i) => {
      this.copies.set(node.outputs[i]!, copy);
    });
  }

  /** The data of a constant of the source graph. */
  data(value: Value): HostTensor | undefined {
    return this.source.initializers.get(value);
  }

  /** The data of a float32 constant of that rank. */
  floats(value: Value, rank: number): HostTensor<'float32'> | undefined {
    const data = this.data(value);
    return data?.dtype === 'float32' && data.dims.length === rank ? (data as HostTensor<'float32'>) : undefined;
  }

  /** The number that a constant of one element holds. */
  scalar(value: Value): number | undefined {
    const data = this.data(value);
    return data?.data.length === 1 && data.dtype !== 'float16' ? Number(data.data[0]) : undefined;
  }

  /** Nodes of the source graph that read a value. */
  users(value: Value): readonly GraphNode[] {
    return this.readers.get(value) ?? [];
  }

  isOutput(value: Value): boolean {
    return this.source.outputs.includes(value);
  }

  /** Whether nothing but one node needs the value. */
  isInner(value: Value): boolean {
    return !this.isOutput(value) && this.users(value).length === 1;
  }

  /** Emits once what several matches need. */
  once<T>(key: string, emit: () => T): T {
    if (!this.shared.has(key)) this.shared.set(key, emit());
    return this.shared.get(key) as T;
  }
}

function firstMatch(rules: readonly RewriteRule[], node: GraphNode, rewriting: Rewriting): Value | undefined {
  for (const rule of rules) {
    const replacement = rule(node, rewriting);
    if (replacement !== undefined) return replacement;
  }
  return undefined;
}
