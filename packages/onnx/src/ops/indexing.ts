import { type Dim, isStaticShape, type Shape, toNumbers } from '@zooid/tensor';
import { intAttribute, tensorAttribute } from '../attributes.js';
import { addDims, divideDims, multiplyDims, subtractDims } from '../dims.js';
import { MAX_CONTENTS, type OpRule } from './rule.js';

export type IndexingOp =
  | 'Gather'
  | 'GatherElements'
  | 'GatherND'
  | 'ScatterElements'
  | 'ScatterND'
  | 'OneHot'
  | 'NonZero'
  | 'Shape'
  | 'Size'
  | 'ConstantOfShape'
  | 'Range';

const scatter: OpRule = (node) => {
  const [data, updates] = [node.input(0), node.input(2)];
  node.require(node.input(1), 'int64', 'int32');
  return [{ dtype: node.commonDType(data, updates), shape: data.shape }];
};

/** What `ConstantOfShape` and `Range` make, where it is a short vector of whole numbers. */
function filled(value: number, shape: Shape): readonly Dim[] | undefined {
  if (!isStaticShape(shape) || !Number.isInteger(value) || shape.length > 1) return undefined;
  const count = shape[0] ?? 1;
  return count >= 0 && count <= MAX_CONTENTS ? Array<Dim>(count).fill(value) : undefined;
}

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
  GatherND: (node) => {
    const [data, indices] = [node.input(0), node.input(1)];
    node.require(indices, 'int64', 'int32');
    const batch = intAttribute(node.attributes, 'batch_dims', 0);
    const depth = indices.shape.at(-1);
    if (typeof depth !== 'number' || depth < 1 || batch + depth > data.shape.length)
      return node.fail(`indices whose last axis has 1 to ${data.shape.length - batch} entries`, indices.shape);
    return [{ dtype: data.dtype, shape: [...indices.shape.slice(0, -1), ...data.shape.slice(batch + depth)] }];
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
  // How many entries are not zero is only known at run time.
  NonZero: (node) => [{ dtype: 'int64', shape: [node.input(0).shape.length, node.freshDim()] }],
  Size: (node) => [{ dtype: 'int64', shape: [], contents: [multiplyDims(...node.input(0).shape)] }],
  Shape: (node) => {
    const { shape } = node.input(0);
    const end = intAttribute(node.attributes, 'end', shape.length);
    const contents = shape.slice(intAttribute(node.attributes, 'start', 0), end);
    return [{ dtype: 'int64', shape: [contents.length], contents }];
  },
  ConstantOfShape: (node) => {
    const value = tensorAttribute(node.attributes, 'value');
    const dtype = value?.dtype ?? 'float32';
    const shape = node.contents(0) ?? node.freshShape(0);
    const contents = dtype.startsWith('int') ? filled(toNumbers(value!)[0]!, shape) : undefined;
    return [{ dtype, shape, ...(contents && { contents }) }];
  },
  Range: (node) => {
    const [start, limit, delta] = [node.input(0), node.input(1), node.input(2)];
    const [from, to, step] = [0, 1, 2].map((i) => node.contents(i)?.[0]);
    const length =
      from === undefined || to === undefined || step === undefined
        ? undefined
        : divideDims([subtractDims(to, from)], [step]);
    const size = typeof length === 'number' ? Math.max(0, length) : length;
    const dtype = node.commonDType(start, limit, delta);
    const short = typeof size === 'number' && size <= MAX_CONTENTS && dtype.startsWith('int');
    const contents = short ? Array.from({ length: size }, (_, i) => addDims(from!, multiplyDims(i, step!))) : undefined;
    return [{ dtype, shape: [size ?? node.freshDim()], ...(contents && { contents }) }];
  },
};
