import type { Code } from '../wasm/encoding.js';
import { f32, f32x4, f64, f64x2, i32, i32x4, loopWhile, v128 } from '../wasm/instructions.js';
import { assemble, defineFunction, type FunctionScope, type Variable } from '../wasm/module.js';

/** Steps each of `pointers` by 16 bytes until the first reaches `end`. */
function forEachBlock(end: Variable, pointers: readonly [Variable, ...Variable[]], body: Code, bytes = 16): Code {
  return loopWhile(i32.ltU(pointers[0].get, end.get), [body, pointers.map((pointer) => advance(pointer, bytes))]);
}

function advance(pointer: Variable, bytes: number): Code {
  return pointer.set(i32.add(pointer.get, i32.const(bytes)));
}

/** The float32 parameter `scalar`, in all four lanes. */
function splat(scope: FunctionScope, scalar: Variable, code: Code[]): Variable {
  const lanes = scope.local('v128');
  code.push(lanes.set(f32x4.splat(scalar.get)));
  return lanes;
}

// Every `end` is the byte address just after the first array.
const adamw = defineFunction('adamw', undefined, (scope) => {
  const [p, g, m, v, end] = [
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
  ];
  const scalars = Array.from({ length: 9 }, () => scope.parameter('f32'));
  const setUp: Code[] = [];
  const [gradientScale, beta1, oneMinusBeta1, beta2, oneMinusBeta2, decay, stepSize, inverseRootCorrection, epsilon] =
    scalars.map((scalar) => splat(scope, scalar, setUp)) as [
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
      Variable,
    ];
  const gradient = scope.local('v128');
  const first = scope.local('v128');
  const second = scope.local('v128');
  const denominator = f32x4.add(f32x4.mul(f32x4.sqrt(second.get), inverseRootCorrection.get), epsilon.get);
  return [
    setUp,
    forEachBlock(
      end,
      [p, g, m, v],
      [
        gradient.set(f32x4.mul(v128.load(g.get), gradientScale.get)),
        first.set(f32x4.add(f32x4.mul(beta1.get, v128.load(m.get)), f32x4.mul(oneMinusBeta1.get, gradient.get))),
        second.set(
          f32x4.add(
            f32x4.mul(beta2.get, v128.load(v.get)),
            f32x4.mul(oneMinusBeta2.get, f32x4.mul(gradient.get, gradient.get)),
          ),
        ),
        v128.store(m.get, first.get),
        v128.store(v.get, second.get),
        v128.store(
          p.get,
          f32x4.sub(f32x4.mul(v128.load(p.get), decay.get), f32x4.div(f32x4.mul(stepSize.get, first.get), denominator)),
        ),
      ],
    ),
  ];
});

const sumOfSquares = defineFunction('sumOfSquares', 'f64', (scope) => {
  const x = scope.parameter('i32');
  /** End of the whole 32-byte blocks; at most one block of 16 follows. */
  const pairsEnd = scope.parameter('i32');
  const end = scope.parameter('i32');
  const sums = Array.from({ length: 4 }, () => scope.local('v128'));
  const pair = scope.local('v128');
  const accumulate = (sum: Variable, offset: number): Code => [
    pair.set(f64x2.promoteLow(v128.load64Zero(x.get, offset))),
    sum.set(f64x2.add(sum.get, f64x2.mul(pair.get, pair.get))),
  ];
  const [a, b, c, d] = sums as [Variable, Variable, Variable, Variable];
  const total = f64x2.add(f64x2.add(a.get, c.get), f64x2.add(b.get, d.get));
  return [
    forEachBlock(
      pairsEnd,
      [x],
      sums.map((sum, i) => accumulate(sum, 8 * i)),
      32,
    ),
    forEachBlock(end, [x], [accumulate(a, 0), accumulate(b, 8)]),
    a.set(total),
    f64.add(f64x2.extractLane(a.get, 0), f64x2.extractLane(a.get, 1)),
  ];
});

const axpy = defineFunction('axpy', undefined, (scope) => {
  const [y, x, end, a] = [
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('f32'),
  ];
  const setUp: Code[] = [];
  const factor = splat(scope, a, setUp);
  const sum = f32x4.add(v128.load(y.get), f32x4.mul(factor.get, v128.load(x.get)));
  return [setUp, forEachBlock(end, [y, x], v128.store(y.get, sum))];
});

const scale = defineFunction('scale', undefined, (scope) => {
  const [x, end, a] = [scope.parameter('i32'), scope.parameter('i32'), scope.parameter('f32')];
  const setUp: Code[] = [];
  const factor = splat(scope, a, setUp);
  return [setUp, forEachBlock(end, [x], v128.store(x.get, f32x4.mul(factor.get, v128.load(x.get))))];
});

const scatterAddRows = defineFunction('scatterAddRows', undefined, (scope) => {
  const [table, indices, indicesEnd, values, rowBytes] = [
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
  ];
  const target = scope.local('i32');
  const blocksEnd = scope.local('i32');
  const rowEnd = scope.local('i32');
  return loopWhile(i32.ltU(indices.get, indicesEnd.get), [
    target.set(i32.add(table.get, i32.mul(i32.load(indices.get), rowBytes.get))),
    blocksEnd.set(i32.add(target.get, i32.and(rowBytes.get, i32.const(-16)))),
    rowEnd.set(i32.add(target.get, rowBytes.get)),
    forEachBlock(
      blocksEnd,
      [target, values],
      v128.store(target.get, f32x4.add(v128.load(target.get), v128.load(values.get))),
    ),
    forEachBlock(
      rowEnd,
      [target, values],
      f32.store(target.get, f32.add(f32.load(target.get), f32.load(values.get))),
      4,
    ),
    advance(indices, 4),
  ]);
});

const dropoutMask = defineFunction('dropoutMask', undefined, (scope) => {
  const [x, end, state, thresholdBits, factorValue] = [
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('i32'),
    scope.parameter('f32'),
  ];
  const [s0, s1, s2, s3, t] = [
    scope.local('v128'),
    scope.local('v128'),
    scope.local('v128'),
    scope.local('v128'),
    scope.local('v128'),
  ];
  const threshold = scope.local('v128');
  const setUp: Code[] = [];
  const factor = splat(scope, factorValue, setUp);
  const xorInto = (a: Variable, b: Variable): Code => a.set(v128.xor(a.get, b.get));
  return [
    setUp,
    threshold.set(i32x4.splat(thresholdBits.get)),
    [s0, s1, s2, s3].map((word, i) => word.set(v128.load(state.get, 16 * i))),
    forEachBlock(
      end,
      [x],
      [
        v128.store(x.get, v128.and(factor.get, i32x4.geU(i32x4.add(s0.get, s3.get), threshold.get))),
        t.set(i32x4.shl(s1.get, i32.const(9))),
        xorInto(s2, s0),
        xorInto(s3, s1),
        xorInto(s1, s2),
        xorInto(s0, s3),
        xorInto(s2, t),
        s3.set(v128.or(i32x4.shl(s3.get, i32.const(11)), i32x4.shrU(s3.get, i32.const(21)))),
      ],
    ),
  ];
});

/** The kernels as a module; needs fixed-width SIMD. */
export function assembleKernels(): Uint8Array<ArrayBuffer> {
  return assemble([adamw, sumOfSquares, axpy, scale, scatterAddRows, dropoutMask]);
}
