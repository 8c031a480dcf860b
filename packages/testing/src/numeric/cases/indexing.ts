import type { Op } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { integers, normals, type OpCase } from '../op-case.js';
import { at, ndArray } from '../reference.js';

export const indexingCases = {
  Gather: [
    {
      title: 'of rows, with repeated indices',
      inputs: { table: normals([4, 3]), i: integers([1, 3, 1, 1], [2, 2]) },
      build: ({ table, i }) => table!.gather(i!),
      expected: ({ table, i }) => ndArray([2, 2, 3], ([a, b, c]) => at(table!, [at(i!, [a!, b!]), c!])),
    },
    {
      title: 'along a middle axis, symbolic',
      inputs: { x: normals([2, 3, 2]), i: integers([2, 0, 2]) },
      shapes: { x: ['batch', 3, 2], i: ['picked'] },
      build: ({ x, i }) => x!.gather(i!, 1),
      expected: ({ x, i }) => ndArray([2, 3, 2], ([a, b, c]) => at(x!, [a!, at(i!, [b!]), c!])),
    },
    {
      title: 'of one known slice',
      inputs: { x: normals([2, 3, 2]) },
      shapes: { x: ['batch', 3, 2] },
      build: ({ x }, graph) => x!.gather(graph.scalar(1, 'int64'), 1),
      expected: ({ x }) => ndArray([2, 2], ([a, c]) => at(x!, [a!, 1, c!])),
    },
    {
      title: 'of the first slice of a symbolic axis',
      inputs: { x: normals([2, 3, 2]) },
      shapes: { x: ['batch', 'sequence', 2] },
      build: ({ x }, graph) => x!.gather(graph.scalar(0, 'int64'), 1),
      expected: ({ x }) => ndArray([2, 2], ([a, c]) => at(x!, [a!, 0, c!])),
    },
    {
      title: 'of the last slice, by a negative index',
      inputs: { x: normals([2, 3]) },
      build: ({ x }, graph) => x!.gather(graph.scalar(-1, 'int64'), 1),
      expected: ({ x }) => ndArray([2], ([a]) => at(x!, [a!, 2])),
    },
  ],
  GatherElements: [
    {
      title: 'with repeated indices',
      inputs: { x: normals([3, 2]), i: integers([0, 2, 0, 0], [2, 2]) },
      build: ({ x, i }) => x!.gatherElements(i!, 0),
      expected: ({ x, i }) => ndArray([2, 2], ([a, b]) => at(x!, [at(i!, [a!, b!]), b!])),
    },
  ],
  GatherND: [
    {
      title: 'of rows, by negative and repeated indices, symbolic',
      inputs: { x: normals([3, 2, 2]), i: integers([2, 0, -1, -2, 2, 0], [3, 2]) },
      shapes: { x: ['batch', 'sequence', 2], i: ['picked', 2] },
      build: ({ x, i }, graph) => graph.emit('GatherND', [x!, i!])[0]!,
      expected: ({ x }) =>
        ndArray([3, 2], ([a, c]) =>
          at(x!, [
            ...[
              [2, 0],
              [2, 0],
              [2, 0],
            ][a!]!,
            c!,
          ]),
        ),
    },
    {
      title: 'of single entries',
      inputs: { x: normals([2, 3]), i: integers([1, 2, 0, 1], [2, 1, 2]) },
      build: ({ x, i }, graph) => graph.emit('GatherND', [x!, i!])[0]!,
      expected: ({ x, i }) => ndArray([2, 1], ([a]) => at(x!, [at(i!, [a!, 0, 0]), at(i!, [a!, 0, 1])])),
    },
  ],
  ScatterElements: [
    {
      title: 'replacing',
      inputs: { x: normals([2, 3]), i: integers([2, 0], [2, 1]), u: normals([2, 1], 41) },
      build: ({ x, i, u }, graph) => graph.emit('ScatterElements', [x!, i!, u!], { axis: 1 })[0]!,
      expected: ({ x, i, u }) =>
        ndArray([2, 3], ([a, b]) => (at(i!, [a!, 0]) === b ? at(u!, [a!, 0]) : at(x!, [a!, b!]))),
    },
    {
      title: 'adding, with repeated indices',
      inputs: { x: normals([2, 3]), i: integers([2, 2, 0, 1], [2, 2]), u: normals([2, 2], 41) },
      build: ({ x, i, u }, graph) => graph.emit('ScatterElements', [x!, i!, u!], { axis: 1, reduction: 'add' })[0]!,
      expected: ({ x, i, u }) =>
        ndArray([2, 3], ([a, b]) =>
          [0, 1].reduce((sum, k) => sum + (at(i!, [a!, k]) === b ? at(u!, [a!, k]) : 0), at(x!, [a!, b!])),
        ),
    },
  ],
  ScatterND: [
    {
      title: 'replacing rows',
      inputs: { x: normals([3, 2]), i: integers([2, 0], [2, 1]), u: normals([2, 2], 42) },
      build: ({ x, i, u }, graph) => graph.emit('ScatterND', [x!, i!, u!])[0]!,
      expected: ({ x, u }) =>
        ndArray([3, 2], ([a, b]) => (a === 2 ? at(u!, [0, b!]) : a === 0 ? at(u!, [1, b!]) : at(x!, [a!, b!]))),
    },
    {
      title: 'replacing single entries',
      inputs: { x: normals([2, 3]), i: integers([1, 2, 0, 1], [2, 2]), u: normals([2], 43) },
      build: ({ x, i, u }, graph) => graph.emit('ScatterND', [x!, i!, u!])[0]!,
      expected: ({ x, u }) =>
        ndArray([2, 3], ([a, b]) =>
          a === 1 && b === 2 ? u!.data[0]! : a === 0 && b === 1 ? u!.data[1]! : at(x!, [a!, b!]),
        ),
    },
  ],
  OneHot: [
    {
      title: 'along the last axis',
      inputs: { i: integers([2, 0]) },
      build: ({ i }, graph) => graph.emit('OneHot', [i!, graph.scalar(3, 'int64'), graph.constant([0, 1])])[0]!,
      expected: ({ i }) => ndArray([2, 3], ([a, b]) => (at(i!, [a!]) === b ? 1 : 0)),
    },
    {
      title: 'along the first axis, with values that learn',
      inputs: { i: integers([2, 0]), values: normals([2], 44) },
      build: ({ i, values }, graph) => graph.emit('OneHot', [i!, graph.scalar(3, 'int64'), values!], { axis: 0 })[0]!,
      expected: ({ i, values }) => ndArray([3, 2], ([a, b]) => values!.data[at(i!, [b!]) === a ? 1 : 0]!),
    },
  ],
  NonZero: [
    {
      title: 'of a matrix with two entries',
      inputs: { x: tensor('bool', [0, 1, 0, 0, 0, 1], [2, 3]) },
      build: ({ x }, graph) => {
        const places = graph.emit('NonZero', [x!])[0]!;
        return graph.emit('Reshape', [places, graph.constant([2, 2], 'int64')])[0]!;
      },
      expected: () => ({ dims: [2, 2], data: [0, 1, 1, 2] }),
    },
  ],
  Size: [
    {
      title: 'of a symbolic shape',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 3] },
      build: ({ x }, graph) => graph.emit('Size', [x!])[0]!,
      expected: () => ({ dims: [], data: [6] }),
    },
  ],
  Shape: [
    {
      title: 'of a symbolic shape',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 3] },
      build: ({ x }) => x!.runtimeShape(),
      expected: () => ({ dims: [2], data: [2, 3] }),
    },
  ],
  ConstantOfShape: [
    {
      title: 'of a shape found at run time',
      inputs: { x: normals([2, 3]) },
      shapes: { x: ['batch', 3] },
      build: ({ x }, graph) =>
        graph.emit('ConstantOfShape', [x!.runtimeShape()], { value: tensor('float32', [7]) })[0]!,
      expected: () => ndArray([2, 3], () => 7),
    },
  ],
  Range: [
    {
      title: 'up to a symbolic dim',
      inputs: { x: integers([0, 0, 0, 0]) },
      shapes: { x: ['sequence'] },
      build: ({ x }, graph) =>
        graph.emit('Range', [graph.scalar(0, 'int64'), x!.runtimeShape().squeeze([0]), graph.scalar(1, 'int64')])[0]!,
      expected: () => ({ dims: [4], data: [0, 1, 2, 3] }),
    },
    {
      title: 'of floats, by start and step',
      inputs: {
        start: tensor('float32', [0.5], []),
        limit: tensor('float32', [2.9], []),
        delta: tensor('float32', [0.7], []),
      },
      build: ({ start, limit, delta }, graph) => graph.emit('Range', [start!, limit!, delta!])[0]!.reshape([4]),
      expected: () => ({ dims: [4], data: [0.5, 1.2, 1.9, 2.6] }),
    },
  ],
} satisfies Partial<Record<Op, readonly OpCase[]>>;
