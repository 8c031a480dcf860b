import type { DType, HostTensor, Shape } from '@zooid/tensor';
import { inferOutputs, type Op, type OpDomain } from './ops.js';
import { Value } from './value.js';

export type Attribute = number | string | readonly number[] | readonly string[] | HostTensor;
/** Attribute values keep their ONNX kind: `{ float: 1 }` marks a float whose value happens to be whole. */
export type Attributes = Readonly<Record<string, Attribute | { readonly float: number } | { readonly floats: readonly number[] }>>;

export interface GraphNode {
  readonly op: Op;
  readonly domain: OpDomain;
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
  private readonly names = new Set<string>();
  private readonly constants = new Map<string, Value>();

  constructor(readonly opset = 17) {}

  /** A graph input. @throws GraphError when the name is taken. */
  input(name: string, dtype: DType, shape: Shape): Value {
    const value = this.value(name, dtype, shape, undefined, true);
    this.inputs.push(value);
    return value;
  }

  /** A constant stored with the graph. */
  initializer(name: string, tensor: HostTensor): Value {
    const value = this.value(name, tensor.dtype, tensor.dims, undefined, true);
    this.initializers.set(value, tensor);
    return value;
  }

  /** A float32 (default) or integer scalar; equal scalars share one initializer. */
  scalar(value: number, dtype: 'float32' | 'int64' = 'float32'): Value {
    return this.constant(dtype === 'int64' ? [value] : [value], dtype, []);
  }

  /** A small constant tensor; equal ones share one initializer. `dims` defaults to a vector. */
  constant(values: readonly number[], dtype: 'float32' | 'int64' = 'float32', dims: readonly number[] = [values.length]): Value {
    const key = `${dtype}|${dims.join()}|${values.join()}`;
    let found = this.constants.get(key);
    if (found === undefined) {
      const data = dtype === 'int64' ? BigInt64Array.from(values, (v) => BigInt(v)) : Float32Array.from(values);
      found = this.initializer(this.freshName('const'), { dtype, dims, data } as HostTensor);
      this.constants.set(key, found);
    }
    return found;
  }

  /** Appends a node and returns its outputs. @throws ShapeMismatchError, UnsupportedOpError */
  emit(op: Op, inputs: readonly (Value | null)[], attributes: Attributes = {}, outputCount = 1, domain: OpDomain = ''): readonly Value[] {
    const inferred = inferOutputs(op, domain, inputs, attributes, outputCount, this);
    const outputs: Value[] = [];
    const node: GraphNode = { op, domain, name: this.freshName(op), inputs, outputs, attributes };
    for (const { dtype, shape } of inferred) outputs.push(this.value(this.freshName(op.toLowerCase()), dtype, shape, node));
    this.nodes.push(node);
    return outputs;
  }

  /** Marks `value` as a graph output, renaming it through `Identity` when `name` differs. */
  output(value: Value, name = value.name): Value {
    let result = value;
    if (name !== value.name) {
      const node: GraphNode = { op: 'Identity', domain: '', name: this.freshName('Identity'), inputs: [value], outputs: [], attributes: {} };
      result = this.value(name, value.dtype, value.shape, node, true);
      (node.outputs as Value[]).push(result);
      this.nodes.push(node);
    }
    this.outputs.push(result);
    return result;
  }

  freshName(stem: string): string {
    let name = `${stem}_${this.names.size}`;
    while (this.names.has(name)) name += '_';
    return name;
  }

  private value(name: string, dtype: DType, shape: Shape, producer: GraphNode | undefined, mustBeFree = false): Value {
    if (mustBeFree && this.names.has(name)) throw new Error(`The graph already has a value named '${name}'; names must be unique`);
    this.names.add(name);
    return new Value(this, name, dtype, shape, producer);
  }
}
