import type { Op } from '@zooid/onnx';
import { integers, normals, type OpCase } from '../op-case.js';
import { at, type NdArray, ndArray } from '../reference.js';

const shaped = (x: NdArray, dims: readonly number[]): NdArray => ({ dims, data: x.data });
const batch = { x: ['batch', 'sequence', 4] } as const;

function reshape(title: string, target: readonly (number | string)[], dims: readonly number[]): OpCase {
  return {
    title,
    inputs: { x: normals([2, 3, 4]) },
    shapes: batch,
    build: ({ x }) => x!.reshape(target),
    expected: ({ x }) => shaped(x!, dims),
  };
}

export const movementCases = {
  Transpose: [
    {
      title: 'with a cyclic permutation',
      inputs: { x: normals([2, 3, 4]) },
      build: ({ x }) => x!.transpose([2, 0, 1]),
      expected: ({ x }) => ndArray([4, 2, 3], ([k, i, j]) => at(x!, [i!, j!, k!])),
    },
    {
      title: 'without a permutation',
      inputs: { x: normals([2, 3]) },
      build: ({ x }, graph) => graph.emit('Transpose', [x!])[0]!,
      expected: ({ x }) => ndArray([3, 2], ([i, j]) => at(x!, [j!, i!])),
    },
  ],
  Reshape: [
    reshape('splitting the last axis, symbolic', ['batch', 'sequence', 2, 2], [2, 3, 2, 2]),
    reshape('merging symbolic axes', [-1, 4], [6, 4]),
    reshape('moving a symbolic axis', ['sequence', 'batch', 4], [3, 2, 4]),
    reshape('to one axis named by a product', ['4*batch*sequence'], [24]),
    {
      title: 'merging symbolic axes and splitting them again',
      inputs: { x: normals([2, 3, 4]) },
      shapes: batch,
      build: ({ x }) => x!.reshape([-1, 4]).mul(2).reshape(['batch', 'sequence', 4]),
      expected: ({ x }) => ({ dims: [2, 3, 4], data: x!.data.map((v) => 2 * v) }),
    },
  ],
  Flatten: [
    {
      title: 'at axis 2',
      inputs: { x: normals([2, 3, 4]) },
      build: ({ x }, graph) => graph.emit('Flatten', [x!], { axis: 2 })[0]!,
      expected: ({ x }) => shaped(x!, [6, 4]),
    },
  ],
  Expand: [
    {
      title: 'adding an axis and repeating one of size 1',
      inputs: { x: normals([3, 1]) },
      build: ({ x }) => x!.expand([2, 3, 2]),
      expected: ({ x }) => ndArray([2, 3, 2], ([, i]) => at(x!, [i!, 0])),
    },
    {
      title: 'to a symbolic shape',
      inputs: { x: normals([4]), y: normals([2, 3, 4]) },
      shapes: { y: batch.x },
      build: ({ x, y }) => x!.expandLike(y!),
      expected: ({ x }) => ndArray([2, 3, 4], ([, , k]) => at(x!, [k!])),
      differentiate: ['x'],
    },
  ],
  Tile: [
    {
      title: 'along both axes',
      inputs: { x: normals([2, 3]) },
      build: ({ x }, graph) => graph.emit('Tile', [x!, graph.constant([2, 1], 'int64')])[0]!,
      expected: ({ x }) => ndArray([4, 3], ([i, j]) => at(x!, [i! % 2, j!])),
    },
    {
      title: 'of a symbolic shape, as often as another is long',
      inputs: { x: normals([2, 3]), y: normals([3], 33) },
      shapes: { x: ['batch', 3], y: ['times'] },
      build: ({ x, y }, graph) =>
        graph.emit('Tile', [x!, y!.runtimeShape().concat([graph.constant([2], 'int64')], 0)])[0]!,
      expected: ({ x }) => ndArray([6, 6], ([i, j]) => at(x!, [i! % 2, j! % 3])),
      differentiate: ['x'],
    },
  ],
  Squeeze: [
    {
      title: 'of two axes',
      inputs: { x: normals([1, 3, 1]) },
      build: ({ x }) => x!.squeeze([0, -1]),
      expected: ({ x }) => shaped(x!, [3]),
    },
  ],
  Unsqueeze: [
    {
      title: 'of two axes, symbolic',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 'sequence'] },
      build: ({ x }) => x!.unsqueeze([1, -1]),
      expected: ({ x }) => shaped(x!, [2, 1, 3, 1]),
    },
  ],
  Concat: [
    {
      title: 'of a value with itself and another',
      inputs: { a: normals([2, 2], 31), b: normals([2, 1], 32) },
      build: ({ a, b }) => a!.concat([b!, a!], 1),
      expected: ({ a, b }) =>
        ndArray([2, 5], ([i, j]) => (j! < 2 ? at(a!, [i!, j!]) : j === 2 ? at(b!, [i!, 0]) : at(a!, [i!, j! - 3]))),
    },
    {
      title: 'along a symbolic axis',
      inputs: { a: normals([2, 2], 31), b: normals([3, 2], 32) },
      shapes: { a: ['past', 2], b: ['sequence', 2] },
      build: ({ a, b }) => a!.concat([b!], 0),
      expected: ({ a, b }) => ({ dims: [5, 2], data: [...a!.data, ...b!.data] }),
    },
  ],
  Slice: [
    {
      title: 'of the first token of a symbolic sequence',
      inputs: { x: normals([2, 3, 4]) },
      shapes: batch,
      build: ({ x }) => x!.slice(1, 0, 1),
      expected: ({ x }) => ndArray([2, 1, 4], ([i, , k]) => at(x!, [i!, 0, k!])),
    },
    {
      title: 'of all but the first of a symbolic sequence',
      inputs: { x: normals([2, 3, 4]) },
      shapes: batch,
      build: ({ x }) => x!.slice(1, 1, Number.POSITIVE_INFINITY),
      expected: ({ x }) => ndArray([2, 2, 4], ([i, j, k]) => at(x!, [i!, j! + 1, k!])),
    },
    {
      title: 'with negative bounds',
      inputs: { x: normals([5]) },
      build: ({ x }) => x!.slice(0, -3, -1),
      expected: ({ x }) => ndArray([2], ([i]) => at(x!, [i! + 2])),
    },
    {
      title: 'with steps, backwards on one axis, symbolic',
      inputs: { x: normals([3, 5]) },
      shapes: { x: ['batch', 'sequence'] },
      build: ({ x }, graph) => {
        const [starts, ends, axes, steps] = [
          [-1, 1],
          [-9, 5],
          [0, 1],
          [-1, 2],
        ].map((v) => graph.constant(v, 'int64'));
        const y = graph.emit('Slice', [x!, starts!, ends!, axes!, steps!])[0]!;
        return graph.emit('Reshape', [y, graph.constant([3, 2], 'int64')])[0]!;
      },
      expected: ({ x }) => ndArray([3, 2], ([i, j]) => at(x!, [2 - i!, 1 + 2 * j!])),
    },
    {
      title: 'with bounds that are data',
      inputs: { x: normals([4, 2]), from: integers([1]), to: integers([-1]) },
      build: ({ x, from, to }, graph) => {
        const y = graph.emit('Slice', [x!, from!, to!])[0]!;
        return graph.emit('Reshape', [y, graph.constant([2, 2], 'int64')])[0]!;
      },
      expected: ({ x }) => ndArray([2, 2], ([i, j]) => at(x!, [i! + 1, j!])),
    },
    {
      title: 'of the last of a symbolic axis',
      inputs: { x: normals([4, 2]) },
      shapes: { x: ['sequence', 2] },
      build: ({ x }) => x!.slice(0, -1, Number.POSITIVE_INFINITY),
      expected: ({ x }) => ndArray([1, 2], ([, j]) => at(x!, [3, j!])),
    },
  ],
  Split: [
    {
      title: 'into unequal parts',
      inputs: { x: normals([2, 5]) },
      build: ({ x }) => x!.split(1, [2, 3]),
      expected: ({ x }) => [
        ndArray([2, 2], (index) => at(x!, index)),
        ndArray([2, 3], ([i, j]) => at(x!, [i!, j! + 2])),
      ],
    },
    {
      title: 'of which one part is used',
      inputs: { x: normals([4, 2]) },
      build: ({ x }) => x!.split(0, [1, 3])[1]!,
      expected: ({ x }) => ndArray([3, 2], ([i, j]) => at(x!, [i! + 1, j!])),
    },
  ],
  Pad: [
    {
      title: 'with zeros on both sides',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 3] },
      build: ({ x }, graph) => graph.emit('Pad', [x!, graph.constant([1, 0, 0, 2], 'int64')])[0]!,
      expected: ({ x }) => ndArray([3, 5], ([i, j]) => (i! < 1 || j! > 2 ? 0 : at(x!, [i! - 1, j!]))),
    },
    {
      title: 'cutting at one end',
      inputs: { x: normals([4]) },
      build: ({ x }, graph) => graph.emit('Pad', [x!, graph.constant([-1, 2], 'int64')])[0]!,
      expected: ({ x }) => ({ dims: [5], data: [...x!.data.slice(1), 0, 0] }),
    },
    {
      title: 'by amounts that are data',
      inputs: { x: normals([2, 2]), pads: integers([0, 1, 1, 0]) },
      build: ({ x, pads }, graph) =>
        graph.emit('Reshape', [graph.emit('Pad', [x!, pads!])[0]!, graph.constant([3, 3], 'int64')])[0]!,
      expected: ({ x }) => ndArray([3, 3], ([i, j]) => (i! > 1 || j! < 1 ? 0 : at(x!, [i!, j! - 1]))),
    },
  ],
  Trilu: [
    {
      title: 'keeping the lower triangle',
      inputs: { x: normals([2, 3, 3]) },
      build: ({ x }, graph) => graph.emit('Trilu', [x!], { upper: 0 })[0]!,
      expected: ({ x }) => ndArray([2, 3, 3], ([b, i, j]) => (j! > i! ? 0 : at(x!, [b!, i!, j!]))),
    },
    {
      title: 'keeping what is above the diagonal',
      inputs: { x: normals([3, 3]), k: integers([1], []) },
      build: ({ x, k }, graph) => graph.emit('Trilu', [x!, k!], { upper: 1 })[0]!,
      expected: ({ x }) => ndArray([3, 3], ([i, j]) => (j! > i! ? at(x!, [i!, j!]) : 0)),
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
