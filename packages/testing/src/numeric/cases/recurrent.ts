import type { Op } from '@zooid/onnx';
import { integers, normals, type OpCase } from '../op-case.js';
import { at, type NdArray, ndArray } from '../reference.js';

const HIDDEN = 2;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

interface State {
  readonly h: readonly number[];
  readonly c: readonly number[];
}

/** One step of one row, gates in ONNX's order i, o, f, c. @see Hochreiter & Schmidhuber 1997 */
function step(v: Readonly<Record<string, NdArray>>, d: number, x: readonly number[], { h, c }: State): State {
  const gate = (index: number, unit: number) => {
    const row = index * HIDDEN + unit;
    const input = x.reduce((sum, value, i) => sum + at(v.w!, [d, row, i]) * value, 0);
    const recurrent = h.reduce((sum, value, i) => sum + at(v.r!, [d, row, i]) * value, 0);
    const bias = v.b === undefined ? 0 : at(v.b, [d, row]) + at(v.b, [d, row + 4 * HIDDEN]);
    return input + recurrent + bias;
  };
  const cells = c.map((value, u) => sigmoid(gate(2, u)) * value + sigmoid(gate(0, u)) * Math.tanh(gate(3, u)));
  return { h: cells.map((cell, u) => sigmoid(gate(1, u)) * Math.tanh(cell)), c: cells };
}

/** `Y`, `Y_h` and `Y_c`; steps beyond a row's length give 0 and leave the state alone. */
function lstm(v: Readonly<Record<string, NdArray>>, reversed: readonly boolean[]): readonly NdArray[] {
  const [sequence, batch, width] = v.x!.dims as [number, number, number];
  const outputs = new Map<string, number>();
  const last = reversed.map((backwards, d) =>
    Array.from({ length: batch }, (_, row) => {
      const initial = (state: NdArray | undefined) =>
        Array.from({ length: HIDDEN }, (_, u) => (state === undefined ? 0 : at(state, [d, row, u])));
      let state: State = { h: initial(v.h), c: initial(v.c) };
      const length = v.lengths === undefined ? sequence : at(v.lengths, [row]);
      for (let i = 0; i < length; i++) {
        const t = backwards ? length - 1 - i : i;
        const x = Array.from({ length: width }, (_, k) => at(v.x!, [t, row, k]));
        state = step(v, d, x, state);
        for (const [u, value] of state.h.entries()) outputs.set([t, d, row, u].join(), value);
      }
      return state;
    }),
  );
  const final = (key: 'h' | 'c') =>
    ndArray([reversed.length, batch, HIDDEN], ([d, row, u]) => last[d!]![row!]![key][u!]!);
  return [
    ndArray([sequence, reversed.length, batch, HIDDEN], (index) => outputs.get(index.join()) ?? 0),
    final('h'),
    final('c'),
  ];
}

function lstmCase(title: string, direction: string, extra: OpCase['inputs'] = {}): OpCase {
  const directions = direction === 'bidirectional' ? 2 : 1;
  const order = ['x', 'w', 'r', 'b', 'lengths', 'h', 'c'];
  return {
    title,
    inputs: {
      x: normals([4, 2, 3], 81),
      w: normals([directions, 4 * HIDDEN, 3], 82),
      r: normals([directions, 4 * HIDDEN, HIDDEN], 83),
      ...extra,
    },
    shapes: { x: ['sequence', 'batch', 3] },
    build: (v, graph) =>
      graph.emit(
        'LSTM',
        order.map((name) => v[name] ?? null),
        { direction, hidden_size: HIDDEN },
        3,
      ),
    expected: (v) => lstm(v, direction === 'bidirectional' ? [false, true] : [direction === 'reverse']),
  };
}

export const recurrentCases = {
  LSTM: [
    lstmCase('forwards, with weights only', 'forward'),
    lstmCase('backwards, with a bias', 'reverse', { b: normals([1, 8 * HIDDEN], 84) }),
    lstmCase('in both directions, with lengths and initial states', 'bidirectional', {
      b: normals([2, 8 * HIDDEN], 84),
      lengths: { ...integers([4, 2]), dtype: 'int32', data: Int32Array.of(4, 2) },
      h: normals([2, 2, HIDDEN], 85),
      c: normals([2, 2, HIDDEN], 86),
    }),
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
