import { fromFloat16, type HostTensor } from '@zooid/tensor';
import type { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { type LivePart, livePart, readersOf } from './live-part.js';
import { isFoldedLinear, isMadeUp, linearWeightName } from './weight-names.js';

/** A weight of a graph that was read, under the name and in the layout in which to train and store it. */
export interface GraphParameter {
  /** Unique in the graph; the checkpoint's name wherever the export tells it. */
  readonly name: string;
  readonly dims: readonly number[];
  /** Row-major, widened where the export has halves. May be a view of the model's bytes: copy before changing it. */
  readonly data: Float32Array;
  /** The initializer that holds it in the export. */
  readonly initializer: string;
}

export interface ParameterOptions {
  /** Consider only what these outputs need; default: all outputs. */
  readonly outputs?: readonly string[];
  /**
   * Which float initializers are weights. Default: those of at least one axis that hold finite numbers below 10⁴ and do
   * not stem from a `Constant` node; scalars and attention masks belong to formulas.
   */
  readonly isParameter?: (name: string, data: HostTensor) => boolean;
}

/** What stands for an initializer, or for the copy of it behind an `Identity`. */
export interface ParameterBinding {
  readonly parameter: GraphParameter;
  /** The graph reads the transposed parameter. */
  readonly transposed: boolean;
}

export interface ParameterPlan {
  readonly parameters: readonly GraphParameter[];
  readonly bindings: ReadonlyMap<Value, ParameterBinding>;
}

/** Attention masks hold −10⁴ and beyond; no trained weight comes near. */
const MASK = 1e4;

/**
 * The weights of a graph, each once, in the order of the export.
 *
 * Exporters merge initializers of equal values behind `Identity`, which ties what was never tied (fresh layer norms):
 * every path gets a parameter of its own again, unless the tensor is an embedding table on one path and a matrix on
 * another. Linear weights that were transposed and renamed get their `[out, in]` layout and name back, and are shared
 * again where folding parted them: with the table that they are the transpose of (tied word embeddings), and among the
 * calls of one module (shared layers).
 */
export function graphParameters(graph: Graph, options: ParameterOptions = {}): readonly GraphParameter[] {
  return planParameters(graph, options).parameters;
}

export function planParameters(graph: Graph, options: ParameterOptions = {}): ParameterPlan {
  const live = livePart(graph, options.outputs);
  const isParameter = options.isParameter ?? isWeight;
  const plan = new Plan();
  const roots = Array.from(graph.initializers).filter(
    ([value, data]) => value.dtype.startsWith('float') && !graph.literals.has(value) && isParameter(value.name, data),
  );
  const folded: { root: Value; data: HostTensor; path: Value }[] = [];
  for (const [root, data] of roots) {
    const paths = [root, ...copiesOf(root, live)].filter((value) => readersOf(value, live).length > 0);
    const named = paths.filter((path) => !isFoldedLinear(path, live));
    if (named.length > 1 && isTiedTable(named, live)) plan.add(root.name, data, root, named, false);
    else for (const path of named) plan.add(path.name, data, root, [path], false);
    folded.push(...paths.filter((path) => !named.includes(path)).map((path) => ({ root, data, path })));
  }
  for (const { root, data, path } of folded) {
    const name = linearWeightName(path, live);
    const shared = tableOf(path, data, plan, live) ?? moduleCalledAgain(name, data, plan);
    if (shared !== undefined) plan.bind([path], shared, true);
    else plan.add(name ?? root.name, data, root, [path], name !== undefined);
  }
  return plan;
}

/**
 * The weight of the same module, when the model calls it several times (shared layers): every call was folded by
 * itself, but all add the same bias, or the exporter counts the calls (`query_1`).
 */
function moduleCalledAgain(name: string | undefined, data: HostTensor, plan: Plan): GraphParameter | undefined {
  const first = name?.replace(/_\d+\.weight$/, '.weight');
  return plan.parameters.find((known) => (known.name === name || known.name === first) && isTransposeOf(known, data));
}

function isWeight(name: string, data: HostTensor): boolean {
  // Our own writer calls the constants of formulas const_0, const_1, ….
  if (data.dims.length === 0 || /^const_\d+$/.test(name)) return false;
  let isSmall = smallTensors.get(data);
  if (isSmall === undefined) {
    isSmall = allBelow(asFloat32(data), MASK);
    smallTensors.set(data, isSmall);
  }
  return isSmall;
}

/** A graph is planned several times, and its tensors never change: reading all numbers once is enough. */
const smallTensors = new WeakMap<HostTensor, boolean>();

function allBelow(numbers: Float32Array, limit: number): boolean {
  for (let i = 0; i < numbers.length; i++) if (Math.abs(numbers[i]!) >= limit) return false;
  return true;
}

/** Outputs of chains of `Identity` that start at `root`. */
function copiesOf(root: Value, live: LivePart): readonly Value[] {
  const direct = (live.uses.get(root) ?? []).flatMap(({ node }) => (node?.op === 'Identity' ? [node.outputs[0]!] : []));
  return direct.flatMap((copy) => [copy, ...copiesOf(copy, live)]);
}

function isGathered(value: Value, { uses }: LivePart): boolean {
  return (uses.get(value) ?? []).some(({ node, index }) => node?.op === 'Gather' && index === 0);
}

/** Word embeddings that are also the output projection: looked up on one path, multiplied with on another. */
function isTiedTable(paths: readonly Value[], live: LivePart): boolean {
  return paths.some((path) => isGathered(path, live)) && !paths.every((path) => isGathered(path, live));
}

/** The embedding table whose transpose was folded: tied word embeddings. */
function tableOf(path: Value, data: HostTensor, plan: Plan, live: LivePart): GraphParameter | undefined {
  for (const [value, { parameter }] of plan.bindings)
    if (isGathered(value, live) && value.dtype === path.dtype && isTransposeOf(parameter, data)) return parameter;
  return undefined;
}

/** Bit for bit. Tensors of one number, as fresh ones are, say nothing. */
function isTransposeOf(parameter: GraphParameter, stored: HostTensor): boolean {
  const { dims } = parameter;
  const [rows, columns] = dims as readonly [number, number];
  if (dims.length !== 2 || stored.dims[0] !== columns || stored.dims[1] !== rows) return false;
  const { data } = parameter;
  const turned = asFloat32(stored);
  const isSame = data.every((x, i) => x === turned[(i % columns) * rows + Math.floor(i / columns)]);
  return isSame && !data.every((x) => x === data[0]);
}

class Plan implements ParameterPlan {
  readonly parameters: GraphParameter[] = [];
  readonly bindings = new Map<Value, ParameterBinding>();
  private readonly names = new Set<string>();

  add(name: string, stored: HostTensor, root: Value, paths: readonly Value[], transposed: boolean): void {
    let numbers: Float32Array | undefined;
    const parameter: GraphParameter = {
      name: this.unique(isMadeUp(name) ? root.name : name, root.name),
      dims: transposed ? stored.dims.toReversed() : stored.dims,
      // Made when it is asked for: emitting a graph needs no numbers.
      get data() {
        numbers ??= transposed ? transpose(asFloat32(stored), stored.dims[0]!, stored.dims[1]!) : asFloat32(stored);
        return numbers;
      },
      initializer: root.name,
    };
    this.parameters.push(parameter);
    this.bind(paths, parameter, transposed);
  }

  bind(paths: readonly Value[], parameter: GraphParameter, transposed: boolean): void {
    for (const path of paths) this.bindings.set(path, { parameter, transposed });
  }

  private unique(wanted: string, otherwise: string): string {
    let name = this.names.has(wanted) ? otherwise : wanted;
    for (let i = 1; this.names.has(name); i++) name = `${otherwise}_${i}`;
    this.names.add(name);
    return name;
  }
}

/** The numbers of a float tensor in single precision; not copied where they are. */
export function asFloat32({ dtype, data }: HostTensor): Float32Array {
  if (dtype === 'float32') return data as Float32Array;
  return dtype === 'float16' ? fromFloat16(data as Uint16Array) : Float32Array.from(data as Float64Array);
}

function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const turned = new Float32Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) turned[column * rows + row] = data[row * columns + column]!;
  return turned;
}
