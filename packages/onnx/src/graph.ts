import {
  type Dim,
  type DType,
  elementCount,
  type HostTensor,
  isStaticShape,
  type Shape,
  tensor,
  toNumbers,
} from '@zooid/tensor';
import type { Attributes } from './attributes.js';
import { GraphError } from './errors.js';
import { inferOutputs, isOp, type Op, opDomain, type UnknownOp } from './ops/index.js';
import { MAX_CONTENTS, type OutputType } from './ops/rule.js';
import { Value } from './value.js';

export interface GraphNode {
  readonly op: Op | UnknownOp;
  readonly domain: string;
  readonly name: string;
  /** `null` is an omitted optional input. */
  readonly inputs: readonly (Value | null)[];
  readonly outputs: readonly Value[];
  readonly attributes: Attributes;
}

/** An ONNX graph under construction. Nodes are appended in execution order; shapes and dtypes are inferred as they are. */
export class Graph {
  readonly nodes: GraphNode[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly initializers = new Map<Value, HostTensor>();
  /** Initializers that are part of a formula (`Constant` nodes, scalars made while building) and not weights. */
  readonly literals = new Set<Value>();
  /** Versions of operator sets besides the standard one, as a model that was read declares them. */
  readonly domains = new Map<string, number>();
  private readonly names = new Set<string>();
  private readonly reserved = new Set<string>();
  private readonly constants = new Map<string, Value>();
  /** The first value that carries each symbolic dim, so that the dim can be had at run time. */
  private readonly carriers = new Map<string, { readonly value: Value; readonly axis: number }>();
  private readonly knownContents = new WeakMap<Value, readonly Dim[]>();
  private counter = 0;

  /**
   * @param opset Default 17, the newest the table describes.
   * @param foreign The names of dims come from elsewhere, so two different names may still be one size.
   */
  constructor(
    readonly opset = 17,
    readonly foreign = false,
  ) {}

  /** An empty graph of the same kind to rewrite this one into: what it names itself is not named so here. */
  derive(): Graph {
    const graph = new Graph(this.opset, this.foreign);
    for (const [domain, version] of this.domains) graph.domains.set(domain, version);
    graph.reserveNames(this.names);
    graph.reserveNames(this.nodes.map(({ name }) => name));
    graph.counter = this.counter;
    return graph;
  }

  /** A graph input. @throws GraphError when the name is taken. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.value(name, dtype, shape, undefined);
    this.inputs.push(value);
    return value;
  }

  /** A constant stored with the graph. @throws GraphError when the name is taken. */
  initializer(name: string, data: HostTensor): Value {
    const value = this.value(name, data.dtype, data.dims, undefined);
    this.initializers.set(value, data);
    return value;
  }

  /** A float32 (default) or integer scalar; equal scalars share one initializer. */
  scalar(value: number, dtype: DType = 'float32'): Value {
    return this.constant([value], dtype, []);
  }

  /** A small constant tensor; equal ones share one initializer. `dims` defaults to a vector. */
  constant(values: readonly number[], dtype: DType = 'float32', dims: readonly number[] = [values.length]): Value {
    const key = `${dtype}|${dims.join()}|${values.map((value) => (Object.is(value, -0) ? '-0' : value)).join()}`;
    let found = this.constants.get(key);
    if (found === undefined) {
      found = this.literal(this.freshName('const'), tensor(dtype, values, dims));
      this.constants.set(key, found);
    }
    return found;
  }

  /** An initializer that is no weight: it belongs to a formula. */
  literal(name: string, data: HostTensor): Value {
    const value = this.initializer(name, data);
    this.literals.add(value);
    return value;
  }

  /**
   * Appends a node and returns its outputs.
   *
   * @param outputs how many outputs to ask for, or their names.
   * @throws UnsupportedOpError, ShapeMismatchError, GraphError
   */
  emit(
    op: Op | UnknownOp,
    inputs: readonly (Value | null)[],
    attributes: Attributes = {},
    outputs: number | readonly string[] = 1,
    domain: string = opDomain(op),
    name: string = this.freshName(op),
  ): readonly Value[] {
    const count = typeof outputs === 'number' ? outputs : outputs.length;
    const types = inferOutputs(op, domain, inputs, attributes, count, this);
    return this.append({ op, domain, name, inputs, attributes }, types, typeof outputs === 'number' ? [] : outputs);
  }

  /**
   * Appends a node of an operator that the table does not know, whose output types are declared instead of inferred.
   * Such a node can be copied and written, but not differentiated.
   */
  emitUnknown(
    node: Omit<GraphNode, 'outputs'>,
    outputs: readonly (Pick<OutputType, 'dtype' | 'shape'> & { readonly name: string })[],
  ): readonly Value[] {
    return this.append(
      node,
      outputs,
      outputs.map(({ name }) => name),
    );
  }

  /**
   * Appends a copy of a node of this or another graph that reads `inputs`. Shapes are inferred anew, except where the
   * operator is unknown: then the declared types are copied, with names of dims that mean nothing here made anonymous.
   *
   * @param outputs how many outputs to ask for, or their names; default: the names they have.
   */
  copyNode(
    node: GraphNode,
    inputs: readonly (Value | null)[],
    outputs: number | readonly string[] = node.outputs.map(({ name }) => name),
    name = node.name,
  ): readonly Value[] {
    const { op, domain, attributes } = node;
    if (isOp(op)) return this.emit(op, inputs, attributes, outputs, domain, name);
    const names = typeof outputs === 'number' ? node.outputs.map(() => this.freshName('unknown')) : outputs;
    const known = (dim: Dim) => (typeof dim === 'number' || this.carriers.has(dim) ? dim : this.freshDim());
    return this.emitUnknown(
      { op, domain, name, inputs, attributes },
      names.map((output, i) => {
        const { dtype, shape } = node.outputs[i]!;
        return { name: output, dtype, shape: shape.map(known) };
      }),
    );
  }

  /** Keeps names that will be given later from being handed out by `freshName`. */
  reserveNames(names: Iterable<string>): void {
    for (const name of names) this.reserved.add(name);
  }

  /**
   * Marks `value` as a graph output, renaming it through `Identity` when `name` differs.
   * @throws GraphError when the name is taken.
   */
  output(value: Value, name = value.name): Value {
    const result = name === value.name ? value : this.emit('Identity', [value], {}, [name])[0]!;
    if (this.outputs.includes(result)) throw new GraphError(`'${name}' is an output of the graph already`);
    this.outputs.push(result);
    return result;
  }

  /** The value of that name. @throws GraphError when there is none. */
  find(name: string): Value {
    for (const value of this.values()) if (value.name === name) return value;
    throw new GraphError(`The graph has no value named '${name}'`);
  }

  /** Inputs, initializers and node outputs, in this order. */
  *values(): Iterable<Value> {
    yield* this.inputs;
    yield* this.initializers.keys();
    for (const node of this.nodes) yield* node.outputs;
  }

  /** A name that no value and no node has. */
  freshName(stem: string): string {
    let name: string;
    do name = `${stem}_${this.counter++}`;
    while (this.names.has(name) || this.reserved.has(name));
    return name;
  }

  /** An anonymous dim: a size about which nothing is known while building. */
  freshDim(): string {
    return `?${this.counter++}`;
  }

  /** The first value that has the symbolic dim, and where. */
  dimCarrier(dim: string): { readonly value: Value; readonly axis: number } | undefined {
    return this.carriers.get(dim);
  }

  /** The elements of an integer value of at most 64, where they are known while building. */
  contents(value: Value): readonly Dim[] | undefined {
    const stored = this.initializers.get(value);
    if (stored === undefined) return this.knownContents.get(value);
    const isInteger = stored.dtype === 'int64' || stored.dtype === 'int32';
    return isInteger && stored.data.length <= MAX_CONTENTS ? toNumbers(stored) : undefined;
  }

  private append(
    node: Omit<GraphNode, 'outputs'>,
    types: readonly OutputType[],
    names: readonly string[],
  ): readonly Value[] {
    const results: Value[] = [];
    const appended: GraphNode = { ...node, outputs: results };
    // A copied node brings its name along, which a later node must not be given again.
    this.reserved.add(node.name);
    types.forEach(({ dtype, shape, contents }, i) => {
      const value = this.value(names[i] || this.freshName(node.op.toLowerCase()), dtype, shape, appended);
      if (contents !== undefined && fits(contents, shape)) this.knownContents.set(value, contents);
      results.push(value);
    });
    this.nodes.push(appended);
    return results;
  }

  private value(name: string, dtype: DType, shape: Shape, producer: GraphNode | undefined): Value {
    if (name === '') throw new GraphError('A value needs a name; the empty one stands for an omitted input');
    if (this.names.has(name))
      throw new GraphError(`The graph already has a value named '${name}'; names must be unique`);
    this.names.add(name);
    const value = new Value(this, name, dtype, shape, producer);
    shape.forEach((dim, axis) => {
      if (typeof dim === 'string' && !this.carriers.has(dim)) this.carriers.set(dim, { value, axis });
    });
    return value;
  }
}

/** Contents are flat and small; arithmetic on them does not see axes, so what does not fill the shape is not known. */
function fits(contents: readonly Dim[], shape: Shape): boolean {
  return contents.length <= MAX_CONTENTS && (!isStaticShape(shape) || contents.length === elementCount(shape));
}
