import { broadcastShapes, elementCount, type HostTensor, tensor } from '@zooid/tensor';
import { intAttribute, intsAttribute } from '../attributes.js';
import { dtypeFromCode } from '../data-types.js';
import type { GraphNode } from '../graph.js';

type Evaluate = (node: GraphNode, inputs: readonly HostTensor[]) => HostTensor | undefined;

/**
 * What a node gives for constant inputs, or `undefined` where that is better left to the runtime. Covers what exporters
 * compute around weights: transpositions, changes of shape and dtype, slices, and float arithmetic.
 */
export function evaluateNode(node: GraphNode, inputs: readonly HostTensor[]): HostTensor | undefined {
  const evaluate = evaluators[node.op];
  return node.outputs.length === 1 ? evaluate?.(node, inputs) : undefined;
}

/** The same elements in the shape that inference found. */
const reshaped: Evaluate = ({ outputs }, [x]) => {
  const shape = outputs[0]!.shape;
  return shape.every((dim) => typeof dim === 'number') ? ({ ...x!, dims: shape } as HostTensor) : undefined;
};

const evaluators: Readonly<Record<string, Evaluate>> = {
  Identity: (_, [x]) => x,
  Reshape: reshaped,
  Squeeze: reshaped,
  Unsqueeze: reshaped,
  Flatten: reshaped,
  Transpose: ({ attributes }, [x]) =>
    transpose(x!, intsAttribute(attributes, 'perm') ?? x!.dims.map((_, i, { length }) => length - 1 - i)),
  Cast: ({ attributes }, [x]) => {
    const to = dtypeFromCode(intAttribute(attributes, 'to', 0));
    if (to === x!.dtype) return x;
    const isNumeric = [to, x!.dtype].every((dtype) => dtype === 'float32' || dtype === 'int64' || dtype === 'int32');
    if (!isNumeric) return undefined;
    const values = Array.from(x!.data as ArrayLike<number | bigint>, Number);
    return tensor(to, to === 'float32' ? values : values.map(Math.trunc), x!.dims);
  },
  Sqrt: (_, [x]) => mapFloats(Math.sqrt, x!),
  Add: (_, [a, b]) => mapFloats((x, y) => x + y, a!, b!),
  Sub: (_, [a, b]) => mapFloats((x, y) => x - y, a!, b!),
  Mul: (_, [a, b]) => mapFloats((x, y) => x * y, a!, b!),
  Div: (_, [a, b]) => mapFloats((x, y) => x / y, a!, b!),
};

function transpose({ dtype, dims, data }: HostTensor, perm: readonly number[]): HostTensor {
  const result = perm.map((axis) => dims[axis]!);
  const strides = dims.map((_, axis) => elementCount(dims.slice(axis + 1)));
  const steps = perm.map((axis) => strides[axis]!);
  const out = data.slice() as Float32Array;
  const source = data as Float32Array;
  const index = new Array<number>(perm.length).fill(0);
  let from = 0;
  for (let to = 0; to < out.length; to++) {
    out[to] = source[from]!;
    for (let axis = perm.length - 1; axis >= 0; axis--) {
      from += steps[axis]!;
      index[axis]!++;
      if (index[axis]! < result[axis]!) break;
      from -= steps[axis]! * result[axis]!;
      index[axis] = 0;
    }
  }
  return { dtype, dims: result, data: out } as HostTensor;
}

/** Elementwise over float32 with broadcasting. */
function mapFloats(f: (...values: number[]) => number, ...inputs: readonly HostTensor[]): HostTensor | undefined {
  if (inputs.some(({ dtype }) => dtype !== 'float32')) return undefined;
  const dims = broadcastShapes(...inputs.map(({ dims }) => dims)) as readonly number[];
  const out = new Float32Array(elementCount(dims));
  const readers = inputs.map((input) => reader(input as HostTensor<'float32'>, dims));
  for (let i = 0; i < out.length; i++) out[i] = f(...readers.map((read) => read(i)));
  return tensor('float32', out, dims);
}

/** Reads a tensor by the flat index of the shape it broadcasts to. */
function reader({ data, dims }: HostTensor<'float32'>, to: readonly number[]): (index: number) => number {
  if (data.length === 1) return () => data[0]!;
  if (data.length === elementCount(to)) return (index) => data[index]!;
  const padded = [...Array<number>(to.length - dims.length).fill(1), ...dims];
  return (index) => {
    let [rest, offset, stride] = [index, 0, 1];
    for (let axis = to.length - 1; axis >= 0; axis--) {
      const position = rest % to[axis]!;
      rest = Math.floor(rest / to[axis]!);
      if (padded[axis] !== 1) {
        offset += position * stride;
        stride *= padded[axis]!;
      }
    }
    return data[offset]!;
  };
}
