import type { GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { operands, producedBy } from './match.js';
import type { RewriteRule, Rewriting } from './rewrite-graph.js';

/** `x · Φ(x)` as exporters spell it, a product of `x`, `1 + erf(x / √2)` and `0.5` in any order → one `Gelu`. */
export const fuseErfGelu: RewriteRule = (node, rewriting) => {
  if (node.op !== 'Mul') return undefined;
  const factors = factorsOf(node, rewriting);
  if (factors.length !== 3) return undefined;
  const half = factors.find((factor) => near(rewriting.scalar(factor), 0.5));
  const bell = factors.find((factor) => argumentOfBell(factor, rewriting) !== undefined);
  const x = factors.find((factor) => factor !== half && factor !== bell);
  if (half === undefined || bell === undefined || x === undefined) return undefined;
  if (x.dtype !== 'float32' || argumentOfBell(bell, rewriting) !== x) return undefined;
  return rewriting.graph.emit('Gelu', [rewriting.copyOf(x)], {}, [node.outputs[0]!.name])[0]!;
};

/** `Gelu(x + b)` with a constant vector b → one `BiasGelu`. */
export const fuseBiasGelu: RewriteRule = ({ op, inputs, outputs }, rewriting) => {
  const sum = op === 'Gelu' ? producedBy(inputs[0], 'Add') : undefined;
  if (sum === undefined || !rewriting.isInner(inputs[0]!)) return undefined;
  const match = operands(sum, (value) =>
    rewriting.floats(value, 1)?.dims[0] === inputs[0]!.shape.at(-1) ? value : undefined,
  );
  if (match === undefined) return undefined;
  const [bias, x] = match.map((value) => rewriting.copyOf(value));
  if (x!.rank < 2) return undefined;
  return rewriting.graph.emit('BiasGelu', [x!, bias!], {}, [outputs[0]!.name])[0]!;
};

/** The leaves of a tree of products that nothing else reads. */
function factorsOf({ inputs }: GraphNode, rewriting: Rewriting): Value[] {
  return inputs.flatMap((value) => {
    const inner = producedBy(value, 'Mul');
    return inner !== undefined && rewriting.isInner(value!) && inner.inputs.every((x) => x !== null)
      ? (inner.inputs as Value[])
      : [value!];
  });
}

/** The x of `1 + erf(x / √2)`. */
function argumentOfBell(value: Value, rewriting: Rewriting): Value | undefined {
  const sum = producedBy(value, 'Add');
  const match = sum && operands(sum, (operand) => producedBy(operand, 'Erf'));
  if (match === undefined || !near(rewriting.scalar(match[1]), 1)) return undefined;
  const [inner] = match[0].inputs;
  const [x, factor] = inner?.producer?.inputs ?? [];
  if (x == null || factor == null) return undefined;
  if (producedBy(inner, 'Div') && near(rewriting.scalar(factor), Math.SQRT2)) return x;
  if (producedBy(inner, 'Mul') && near(rewriting.scalar(factor), Math.SQRT1_2)) return x;
  return undefined;
}

/** Equal as far as float32 and an exporter's decimals go. */
const near = (a: number | undefined, b: number): boolean => a !== undefined && Math.abs(a - b) < 1e-4 * Math.abs(b);
