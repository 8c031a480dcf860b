import type { Dim } from '@zooid/tensor';
import { intAttribute, tensorAttribute } from '../attributes.js';
import { divideDims, subtractDims } from '../dims.js';
import type { OpRule } from './rule.js';

export type IndexingOp =
  | 'Gather'
  | 'GatherElements'
  | 'ScatterElements'
  | 'ScatterND'
  | 'OneHot'
  | 'Shape'
  | 'ConstantOfShape'
  | 'Range';

const scatter: OpRule = (node) => {
  const [data, updates] = [node.input(0), node.input(2)];
  node.require(node.input(1), 'int64', 'int32');
  return [{ dtype: node.commonDType(data, updates), shape: data.shape }];
};

export const indexingRules: { readonly [P in IndexingOp]: OpRule } = {
  Gather: (node) => {
    const [data, indices] = [node.input(0), node.input(1)];
    node.require(indices, 'int64', 'int32');
    const axis = node.axis(data.shape.length, 0);
    const shape = [...data.shape.slice(0, axis), ...indices.shape, ...data.shape.slice(axis + 1)];
    const [contents, at] = [node.contents(0), node.numbers(1)];
    const picked = data.shape.length === 1 ? at?.map((i) => contents?.at(i)) : undefined;
    return [
      { dtype: data.dtype, shape, ...(picked?.every((dim) => dim !== undefined) && { contents: picked as Dim[] }) },
    ];
  },
  GatherElements: (node) => {
    const [data, indices] = [node.input(0), node.input(1)];
    node.require(indices, 'int64', 'int32');
    if (indices.shape.length !== data.shape.length) node.fail(`indices of ${data.shape.length} axes`, indices.shape);
    node.axis(data.shape.length, 0);
    return [{ dtype: data.dtype, shape: indices.shape }];
  },
  ScatterElements: (node) => {
    const { shape } = node.input(0);
    node.axis(shape.length, 0);
    for (const i of [1, 2])
      if (node.input(i).shape.length !== shape.length) node.fail(`${shape.length} axes`, node.input(i).shape);
    return scatter(node);
  },
  ScatterND: scatter,
  OneHot: (node) => {
    const [indices, values] = [node.input(0), node.input(2)];
    const rank = indices.shape.length + 1;
    const depth = node.contents(1)?.[0] ?? node.freshDim();
    return [{ dtype: values.dtype, shape: indices.shape.toSpliced(node.axis(rank, -1), 0, depth) }];
  },
  Shape: (node) => {
    const { shape } = node.input(0);
    const end = intAttribute(node.attributes, 'end', shape.length);
    const contents = shape.slice(intAttribute(node.attributes, 'start', 0), end);
    return [{ dtype: 'int64', shape: [contents.length], contents }];
  },
  ConstantOfShape: (node) => {
    const dtype = tensorAttribute(node.attributes, 'value')?.dtype ?? 'float32';
    const contents = node.contents(0);
    if (contents !== undefined) return [{ dtype, shape: contents }];
    return [{ dtype, shape: node.freshShape(0) }];
  },
  Range: (node) => {
    const [start, limit, delta] = [node.input(0), node.input(1), node.input(2)];
    const [from, to, step] = [0, 1, 2].map((i) => node.contents(i)?.[0]);
    const length =
      from === undefined || to === undefined || step === undefined
        ? undefined
        : divideDims([subtractDims(to, from)], [step]);
    const size = typeof length === 'number' ? Math.max(0, length) : length;
    return [{ dtype: node.commonDType(start, limit, delta), shape: [size ?? node.freshDim()] }];
  },
};
