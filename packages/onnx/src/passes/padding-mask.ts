import { tensorAttribute } from '../attributes.js';
import type { GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import type { Rewriting } from './rewrite-graph.js';

/** An additive attention bias that says nothing but which keys are padding. */
export interface PaddingMask {
  /** Graph input `[batch, key]` of the source graph: 1 = token, 0 = padding. */
  readonly mask: Value;
  /** What is added to the scores of padding. */
  readonly filter: number;
}

/** A mask takes a handful of nodes; more is something else, or a trap. */
const MAX_NODES = 64;
const LOWEST_FLOAT = -3.4028234663852886e38;

/**
 * Recognises a bias that is computed element by element from one mask of zeros and ones, whatever the arithmetic: it
 * is evaluated for both. Exporters write `(1 − m) · −10000`, `Where(m, 0, lowest)`, `(m − 1) · 10000` and more.
 *
 * @param bias `[batch, 1, 1 | query, key]`
 */
export function paddingMask(bias: Value, rewriting: Rewriting): PaddingMask | undefined {
  const visited = new Set<Value>();
  if (!visit(bias, rewriting, visited)) return undefined;
  const masks = [...visited].filter(({ producer }) => producer === undefined);
  const [mask] = masks;
  if (mask === undefined || masks.length > 1 || mask.rank !== 2 || bias.rank !== 4) return undefined;
  if (!['int64', 'int32', 'bool'].includes(mask.dtype)) return undefined;
  // Along the way the keys must stay the last axis: `[batch, 1, key, 1]` would make a mask of queries.
  const [batch, key] = mask.shape;
  for (const { shape, producer } of visited) {
    if (producer?.op !== 'ConstantOfShape' && (shape[0] !== batch || shape.at(-1) !== key)) return undefined;
  }
  const [token, padding] = [1, 0].map((m) => evaluate(bias, m, rewriting, new Map()));
  if (token !== 0 || !(padding! < 0)) return undefined;
  // -∞ would turn a row that is masked throughout into NaN, which nobody wants; the lowest number has the same effect.
  return { mask, filter: Math.max(padding!, LOWEST_FLOAT) };
}

const elementwise: Readonly<Record<string, (...operands: number[]) => number>> = {
  Add: (a, b) => a! + b!,
  Sub: (a, b) => a! - b!,
  Mul: (a, b) => a! * b!,
  Div: (a, b) => a! / b!,
  Neg: (a) => -a!,
  Not: (a) => (a === 0 ? 1 : 0),
  Equal: (a, b) => (a === b ? 1 : 0),
  Where: (condition, a, b) => (condition === 0 ? b! : a!),
};

/** Operators that move or repeat elements; their other inputs are shapes. */
const movements: ReadonlySet<string> = new Set(['Unsqueeze', 'Expand', 'Identity', 'Cast']);

const operandsOf = ({ op, inputs }: GraphNode): readonly Value[] =>
  (movements.has(op) ? inputs.slice(0, 1) : inputs).filter((input) => input !== null);

/** Collects the values, other than numbers, that a value depends on element by element; false when there is more to it. */
function visit(value: Value, rewriting: Rewriting, visited: Set<Value>): boolean {
  if (visited.has(value) || rewriting.scalar(value) !== undefined) return true;
  visited.add(value);
  const { producer } = value;
  if (producer === undefined) return !rewriting.source.initializers.has(value);
  if (producer.op === 'ConstantOfShape') return true;
  const isKnown = movements.has(producer.op) || elementwise[producer.op] !== undefined;
  return (
    isKnown && visited.size <= MAX_NODES && operandsOf(producer).every((input) => visit(input, rewriting, visited))
  );
}

/** One element of `value` where the mask is `m`. */
function evaluate(value: Value, m: number, rewriting: Rewriting, known: Map<Value, number>): number {
  const node = value.producer;
  const result = known.get(value) ?? rewriting.scalar(value) ?? (node === undefined ? m : compute(node));
  known.set(value, result);
  return result;

  function compute(node: GraphNode): number {
    if (node.op === 'ConstantOfShape') return Number(tensorAttribute(node.attributes, 'value')?.data[0] ?? 0);
    const operands = operandsOf(node).map((operand) => evaluate(operand, m, rewriting, known));
    const computed = movements.has(node.op) ? operands[0]! : elementwise[node.op]!(...operands);
    if (value.dtype === 'bool') return computed === 0 ? 0 : 1;
    return value.dtype === 'float32' ? Math.fround(computed) : Math.trunc(computed);
  }
}
