import { Graph, GraphError, type Value } from '@zooid/onnx';
import type { HostTensor, Shape } from '@zooid/tensor';
import type { DeclaredParameter, Initializer, LinearView, ModuleContext, ParameterView } from './module-context.js';

export interface GraphBuilderOptions {
  /** Emits into this graph; default: a new one. */
  readonly graph?: Graph;
  /** Turns dropout on; default false. */
  readonly training?: boolean;
  /**
   * Values by parameter name. Given, parameters become initializers of the graph (export); absent, they are graph
   * inputs (training: the runtime feeds them from its parameter store).
   */
  readonly weights?: ReadonlyMap<string, HostTensor<'float32'>>;
  /** Applies to every parameter of the graph. */
  readonly parameterView?: ParameterView;
}

/** A float32 graph input to be filled with an inverted-dropout mask before every run. */
export interface DropoutInput {
  readonly name: string;
  readonly shape: Shape;
  readonly rate: number;
}

export interface BatchInput {
  readonly name: string;
  readonly dtype: 'float32' | 'int64';
  readonly shape: Shape;
  readonly value: Value;
}

interface Declaration {
  readonly parameter: DeclaredParameter;
  /** The graph input or initializer. */
  readonly weight: Value;
  /** Results of views, by the list of views that made them. */
  readonly viewed: Map<readonly ParameterView[], Value>;
}

interface Views {
  readonly parameter: readonly ParameterView[];
  readonly linear: readonly LinearView[];
}

const NO_VIEWS: Views = { parameter: [], linear: [] };

/**
 * The root {@link ModuleContext}: emits into one graph and records what modules ask for, so that a training program
 * or an exported model can be described afterwards. Records keep the order of first use.
 */
export class GraphBuilder implements ModuleContext {
  readonly graph: Graph;
  readonly training: boolean;
  readonly path = '';
  private readonly weights: ReadonlyMap<string, HostTensor<'float32'>> | undefined;
  private readonly root: ModuleContext;
  private readonly declarations = new Map<string, Declaration>();
  private readonly batchInputs = new Map<string, BatchInput>();
  private readonly scalarInputs = new Map<string, Value>();
  private readonly dropoutInputs: DropoutInput[] = [];
  private readonly dropoutsPerPath = new Map<string, number>();
  private readonly marked: Value[] = [];

  constructor(options: GraphBuilderOptions = {}) {
    this.graph = options.graph ?? new Graph();
    this.training = options.training ?? false;
    this.weights = options.weights;
    const { parameterView } = options;
    this.root = new Scope(
      this,
      '',
      parameterView === undefined ? NO_VIEWS : { ...NO_VIEWS, parameter: [parameterView] },
    );
  }

  /** Every parameter declared so far, each once. */
  get parameters(): readonly DeclaredParameter[] {
    return Array.from(this.declarations.values(), ({ parameter }) => parameter);
  }

  get inputs(): readonly BatchInput[] {
    return [...this.batchInputs.values()];
  }

  get dropouts(): readonly DropoutInput[] {
    return this.dropoutInputs;
  }

  /** Values marked as boundaries, in order. */
  get boundaries(): readonly Value[] {
    return this.marked;
  }

  get scalars(): readonly string[] {
    return [...this.scalarInputs.keys()];
  }

  /**
   * The graph input or initializer behind a declared parameter, before views: what `grad` differentiates by.
   * @throws GraphError when no module declared `name`.
   */
  weight(name: string): Value {
    const declaration = this.declarations.get(name);
    if (declaration === undefined) {
      throw new GraphError(
        `No module declared a parameter '${name}'; declared are: ${[...this.declarations.keys()].join(', ')}`,
      );
    }
    return declaration.weight;
  }

  child(name: string): ModuleContext {
    return this.root.child(name);
  }

  withParameterView(view: ParameterView): ModuleContext {
    return this.root.withParameterView(view);
  }

  withLinearView(view: LinearView): ModuleContext {
    return this.root.withLinearView(view);
  }

  linearOutput(input: Value, output: Value): Value {
    return this.root.linearOutput(input, output);
  }

  parameter(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.root.parameter(name, shape, initializer);
  }

  dropout(x: Value, rate: number): Value {
    return this.root.dropout(x, rate);
  }

  input(name: string, dtype: 'float32' | 'int64', shape: Shape): Value {
    const known = this.batchInputs.get(name);
    if (known !== undefined) {
      if (known.dtype !== dtype || !sameShape(known.shape, shape)) {
        throw new GraphError(
          `Input '${name}' is ${known.dtype} [${known.shape.join(', ')}] already; it cannot also be ${dtype} [${shape.join(', ')}]`,
        );
      }
      return known.value;
    }
    const value = this.graph.input(name, dtype, shape);
    this.batchInputs.set(name, { name, dtype, shape, value });
    return value;
  }

  scalar(name: string): Value {
    let value = this.scalarInputs.get(name);
    if (value === undefined) {
      value = this.graph.input(name, 'float32', []);
      this.scalarInputs.set(name, value);
    }
    return value;
  }

  boundary(x: Value): void {
    this.marked.push(x);
  }

  /** @internal The parameter with this full name, seen through `views`. */
  parameterThrough(views: readonly ParameterView[], parameter: DeclaredParameter): Value {
    const declaration = this.declare(parameter);
    if (views.length === 0) return declaration.weight;
    let viewed = declaration.viewed.get(views);
    if (viewed === undefined) {
      const plain = new Scope(this, '', NO_VIEWS);
      viewed = views.reduce((weight, view) => applyView(view, parameter.name, weight, plain), declaration.weight);
      declaration.viewed.set(views, viewed);
    }
    return viewed;
  }

  /** @internal What `views` make of the linear layer at `path`. */
  linearThrough(views: readonly LinearView[], path: string, input: Value, output: Value): Value {
    const plain = new Scope(this, '', NO_VIEWS);
    const subject = `The view of the linear layer '${path}'`;
    return views.reduce((y, view) => requireShape(view({ path, input, output: y }, plain), y, subject), output);
  }

  /** @internal A fresh mask input for `x`, named after the module that drops. */
  dropoutMask(path: string, x: Value, rate: number): Value {
    if (!(rate < 1)) throw new GraphError(`A dropout rate must be in [0, 1); got ${rate} at '${path}'`);
    const uses = this.dropoutsPerPath.get(path) ?? 0;
    this.dropoutsPerPath.set(path, uses + 1);
    // Named by path, not by a running number: replacing one layer must not change the masks of the others.
    const name = `dropout:${path}${uses === 0 ? '' : `:${uses}`}`;
    this.dropoutInputs.push({ name, shape: x.shape, rate });
    return this.graph.input(name, 'float32', x.shape);
  }

  private declare(parameter: DeclaredParameter): Declaration {
    const known = this.declarations.get(parameter.name);
    if (known !== undefined) {
      if (!sameShape(known.parameter.shape, parameter.shape)) {
        throw new GraphError(
          `Parameter '${parameter.name}' has shape [${known.parameter.shape.join(', ')}] already; a second use asks for [${parameter.shape.join(', ')}]`,
        );
      }
      return known;
    }
    const weight =
      this.weights === undefined
        ? this.graph.input(parameter.name, 'float32', parameter.shape)
        : this.graph.initializer(parameter.name, weightFor(parameter, this.weights));
    const declaration = { parameter, weight, viewed: new Map() };
    this.declarations.set(parameter.name, declaration);
    return declaration;
  }
}

/** A position in the parameter tree; all state is the builder's. */
class Scope implements ModuleContext {
  constructor(
    private readonly builder: GraphBuilder,
    readonly path: string,
    private readonly views: Views,
  ) {}

  get graph(): Graph {
    return this.builder.graph;
  }

  get training(): boolean {
    return this.builder.training;
  }

  child(name: string): ModuleContext {
    return new Scope(this.builder, this.fullName(name), this.views);
  }

  withParameterView(view: ParameterView): ModuleContext {
    return new Scope(this.builder, this.path, { ...this.views, parameter: [...this.views.parameter, view] });
  }

  withLinearView(view: LinearView): ModuleContext {
    return new Scope(this.builder, this.path, { ...this.views, linear: [...this.views.linear, view] });
  }

  linearOutput(input: Value, output: Value): Value {
    return this.builder.linearThrough(this.views.linear, this.path, input, output);
  }

  parameter(name: string, shape: readonly number[], initializer: Initializer): Value {
    return this.builder.parameterThrough(this.views.parameter, { name: this.fullName(name), shape, initializer });
  }

  dropout(x: Value, rate: number): Value {
    return this.training && rate > 0 ? x.mul(this.builder.dropoutMask(this.path, x, rate)) : x;
  }

  input(name: string, dtype: 'float32' | 'int64', shape: Shape): Value {
    return this.builder.input(name, dtype, shape);
  }

  scalar(name: string): Value {
    return this.builder.scalar(name);
  }

  boundary(x: Value): void {
    this.builder.boundary(x);
  }

  private fullName(name: string): string {
    return this.path === '' ? name : `${this.path}.${name}`;
  }
}

function applyView(view: ParameterView, name: string, weight: Value, context: ModuleContext): Value {
  return requireShape(view(name, weight, context), weight, `The parameter view of '${name}'`);
}

function requireShape(value: Value, { shape: expected }: Value, subject: string): Value {
  const { shape } = value;
  if (sameShape(shape, expected)) return value;
  throw new GraphError(`${subject} returned shape [${shape.join(', ')}]; it must keep [${expected.join(', ')}]`);
}

function weightFor(parameter: DeclaredParameter, weights: ReadonlyMap<string, HostTensor<'float32'>>): HostTensor {
  const tensor = weights.get(parameter.name);
  if (tensor === undefined) {
    throw new GraphError(`The weights lack '${parameter.name}' [${parameter.shape.join(', ')}], which the model needs`);
  }
  if (!sameShape(tensor.dims, parameter.shape)) {
    throw new GraphError(
      `Weight '${parameter.name}' has shape [${tensor.dims.join(', ')}]; the model's config asks for [${parameter.shape.join(', ')}]`,
    );
  }
  return tensor;
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
