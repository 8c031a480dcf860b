import {
  broadcastShapes,
  type Dim,
  type DType,
  formatShape,
  isAnonymousDim,
  type Shape,
  TensorError,
} from '@zooid/tensor';
import type { Attributes } from '../attributes.js';
import { intAttribute } from '../attributes.js';
import { GraphError, ShapeMismatchError } from '../errors.js';
import type { Value } from '../value.js';

/** What a rule finds out about one output. */
export interface OutputType {
  readonly dtype: DType;
  readonly shape: Shape;
  /**
   * The elements of a small integer tensor, where they are known while building: numbers, or dims for what comes from
   * `Shape`. They let `Reshape` and its like be inferred without running anything.
   */
  readonly contents?: readonly Dim[];
}

/** Shape and dtype of the outputs of one node. @throws ShapeMismatchError, GraphError */
export type OpRule = (node: NodeView) => readonly OutputType[];

/** A node as its rule sees it, with the checks that rules share. */
export class NodeView {
  constructor(
    readonly op: string,
    readonly inputs: readonly (Value | null)[],
    readonly attributes: Attributes,
    readonly outputCount: number,
    private readonly graph: {
      readonly foreign: boolean;
      contents(value: Value): readonly Dim[] | undefined;
      freshDim(): string;
    },
  ) {}

  /** A required input. @throws GraphError when it is missing. */
  input(index: number): Value {
    const value = this.inputs[index];
    if (value == null)
      throw new GraphError(`${this.op} needs an input at position ${index}, got ${this.inputs.length} inputs`);
    return value;
  }

  optional(index: number): Value | undefined {
    return this.inputs[index] ?? undefined;
  }

  /** What is known of the elements of input `index`. */
  contents(index: number): readonly Dim[] | undefined {
    const value = this.inputs[index];
    return value == null ? undefined : this.graph.contents(value);
  }

  /** The elements of input `index` when all are plain numbers. */
  numbers(index: number): readonly number[] | undefined {
    const contents = this.contents(index);
    return contents?.every((item) => typeof item === 'number') ? (contents as readonly number[]) : undefined;
  }

  freshDim(): string {
    return this.graph.freshDim();
  }

  /** As many unknown dims as the vector input `index` has elements. @throws GraphError when that is unknown. */
  freshShape(index: number): string[] {
    return this.freshDims(this.vectorLength(index));
  }

  freshDims(rank: number): string[] {
    return Array.from({ length: rank }, () => this.freshDim());
  }

  /** How many elements the vector input `index` has. @throws GraphError when that is unknown or no plausible rank. */
  vectorLength(index: number): number {
    const value = this.input(index);
    const length = value.shape[0];
    if (value.shape.length !== 1 || typeof length !== 'number' || length > MAX_CONTENTS) {
      throw new GraphError(
        `${this.op} needs a vector of known length in '${value.name}', got ${formatShape(value.shape)}`,
      );
    }
    return length;
  }

  /** Whether two dims can be the same at run time: equal, a number against a name, or anonymous. */
  mayEqual(a: Dim, b: Dim): boolean {
    if (a === b || typeof a !== typeof b || isAnonymousDim(a) || isAnonymousDim(b)) return true;
    return this.graph.foreign && typeof a === 'string';
  }

  /** The attribute `axis` counted from the front. */
  axis(rank: number, otherwise: number): number {
    return this.positiveAxis(intAttribute(this.attributes, 'axis', otherwise), rank);
  }

  positiveAxis(axis: number, rank: number): number {
    if (axis < -rank || axis >= rank)
      throw new GraphError(`${this.op} has axis ${axis}, but the tensor has ${rank} axes`);
    return axis < 0 ? axis + rank : axis;
  }

  broadcast(...shapes: readonly Shape[]): Shape {
    try {
      return broadcastShapes(...shapes);
    } catch (error) {
      if (!(error instanceof TensorError)) throw error;
      if (this.graph.foreign) return this.broadcastSizes(shapes);
      throw this.broadcastFailure(shapes);
    }
  }

  /** Another producer's names need not differ where they are spelt differently; only its numbers can clash. */
  private broadcastSizes(shapes: readonly Shape[]): Shape {
    try {
      return broadcastShapes(
        ...shapes.map((shape) => shape.map((dim) => (typeof dim === 'string' ? this.freshDim() : dim))),
      );
    } catch (error) {
      if (!(error instanceof TensorError)) throw error;
      throw this.broadcastFailure(shapes);
    }
  }

  private broadcastFailure(shapes: readonly Shape[]): ShapeMismatchError {
    return new ShapeMismatchError(this.op, `a shape that broadcasts to ${formatShape(shapes[0]!)}`, shapes[1] ?? []);
  }

  /** The dtype that all given values share. @throws GraphError when they differ. */
  commonDType(...values: readonly Value[]): DType {
    const dtype = values[0]!.dtype;
    const other = values.find((value) => value.dtype !== dtype);
    if (other !== undefined) {
      throw new GraphError(
        `${this.op} needs inputs of one dtype, got ${dtype} ('${values[0]!.name}') and ${other.dtype} ('${other.name}'); cast one of them`,
      );
    }
    return dtype;
  }

  /** @throws GraphError unless the value has one of the dtypes. */
  require(value: Value, ...dtypes: readonly DType[]): void {
    if (!dtypes.includes(value.dtype)) {
      throw new GraphError(`${this.op} needs ${dtypes.join(' or ')} for '${value.name}', got ${value.dtype}`);
    }
  }

  fail(expected: Shape | string, actual: Shape): never {
    throw new ShapeMismatchError(this.op, expected, actual);
  }
}

/** Contents longer than this are data, not shape arithmetic. */
export const MAX_CONTENTS = 64;
