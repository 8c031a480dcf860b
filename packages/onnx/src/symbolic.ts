import type { Dim, Shape } from '@zooid/tensor';
import { isStaticShape } from '@zooid/tensor';
import { dimTerms, divideDims } from './dims.js';
import { GraphError } from './errors.js';
import type { Graph } from './graph.js';
import type { Value } from './value.js';

/**
 * The shape input for a `Reshape` of `value` to `target`, an int64 vector. Per dim the cheapest way is taken: a number;
 * `0` where the same dim stands at the same position; one `-1`, if what it will be inferred to is the dim asked for;
 * and only then a computation at run time.
 *
 * @param target numbers, at most one `-1`, and symbolic dims.
 */
export function resolveReshape(value: Value, target: readonly Dim[]): Value {
  const cheap = target.map((dim, i) => (typeof dim === 'string' && dim === value.shape[i] ? 0 : dim));
  const symbolic = cheap.findLastIndex((dim) => typeof dim === 'string');
  if (symbolic < 0 || target.includes(-1)) return shapeVector(value.graph, cheap);
  const inferred = divideDims(value.shape, target.toSpliced(symbolic, 1));
  return shapeVector(value.graph, inferred === target[symbolic] ? cheap.with(symbolic, -1) : cheap);
}

/**
 * `shape` as an int64 vector: a constant when it is static, the `Shape` of `source` when that is the same, and
 * otherwise put together from values that carry its dims.
 */
export function runtimeShape(graph: Graph, shape: Shape, source?: Value): Value {
  if (!isStaticShape(shape) && source !== undefined && sameShape(source.shape, shape)) return source.runtimeShape();
  return shapeVector(graph, shape);
}

/**
 * An int64 scalar holding `dim` at run time.
 * @throws GraphError when no value of the graph carries the dim or the names it is made of.
 */
export function runtimeDim(graph: Graph, dim: Dim): Value {
  if (typeof dim === 'number') return graph.scalar(dim, 'int64');
  const carrier = graph.dimCarrier(dim);
  if (carrier !== undefined) return carrier.value.runtimeShape().gather(graph.scalar(carrier.axis, 'int64'));
  const terms = dimTerms(dim).map(({ coefficient, atoms }) => {
    if (atoms.length === 1 && atoms[0] === dim) {
      throw new GraphError(
        `No value of the graph carries the dim '${dim}'; add an input that has it, or reshape with -1`,
      );
    }
    const factors = atoms.map((atom) => runtimeDim(graph, atom));
    if (coefficient !== 1 || factors.length === 0) factors.unshift(graph.scalar(coefficient, 'int64'));
    return factors.reduce((a, b) => a.mul(b));
  });
  return terms.reduce((a, b) => a.add(b));
}

/** Runs of plain numbers become one constant each. */
function shapeVector(graph: Graph, dims: readonly Dim[]): Value {
  if (isStaticShape(dims)) return graph.constant(dims, 'int64');
  const parts: Value[] = [];
  let run: number[] = [];
  const flush = () => {
    if (run.length > 0) parts.push(graph.constant(run, 'int64'));
    run = [];
  };
  for (const dim of dims) {
    if (typeof dim === 'number') {
      run.push(dim);
    } else {
      flush();
      parts.push(runtimeDim(graph, dim).reshape([1]));
    }
  }
  flush();
  return parts.length === 1 ? parts[0]! : parts[0]!.concat(parts.slice(1), 0);
}

function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, i) => dim === b[i]);
}
