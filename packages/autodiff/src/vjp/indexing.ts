import { intAttribute, type Op, runtimeShape, stringAttribute, type Value } from '@zooid/onnx';
import type { VjpNode, VjpRule } from './rule.js';
import { scatterInto, scatterSlices, zerosLike } from './scatter.js';

const axisOf = ({ attributes, x }: VjpNode): number => {
  const axis = intAttribute(attributes, 'axis', 0);
  return axis < 0 ? axis + x.rank : axis;
};

const allAxes = (x: Value) => x.shape.map((_, i) => i);

/**
 * The cotangent of the tensor that `GatherND` took blocks from: the axes that the indices address are merged into one,
 * and a tuple of indices becomes one number. That is the cotangent of a `Gather`.
 */
function scatterBlocks(node: VjpNode): Value {
  const { x, dy, graph, inputs, attributes } = node;
  if (intAttribute(attributes, 'batch_dims', 0) !== 0) return node.missing('has no VJP rule for batch_dims');
  const indices = inputs[1]!;
  const depth = indices.shape.at(-1) as number;
  const last = indices.rank - 1;
  let place: Value | undefined;
  for (let i = 0; i < depth; i++) {
    const size = runtimeShape(graph, [x.shape[i]!]).reshape([]);
    const index = indices.cast('int64').gather(graph.scalar(i, 'int64'), last);
    const counted = index.less(0).where(index.add(size), index);
    place = place === undefined ? counted : place.mul(size).add(counted);
  }
  const blocks = graph.emit('Reshape', [x, runtimeShape(graph, [-1, ...x.shape.slice(depth)])])[0]!;
  const merged = scatterSlices(blocks, place!, dy, 0);
  return graph.emit('Reshape', [merged, runtimeShape(graph, x.shape, x)])[0]!;
}

export const indexingVjps = {
  Gather: (node) => [() => scatterSlices(node.x, node.inputs[1]!, node.dy, axisOf(node)), null],
  GatherElements: (node) => [() => scatterInto(node.x, node.inputs[1]!, node.dy, axisOf(node)), null],
  ScatterElements: (node) => {
    const { dy, graph, attributes } = node;
    const [indices, updates] = [node.inputs[1]!, node.inputs[2]!];
    const axis = axisOf(node);
    const reduction = stringAttribute(attributes, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add')
      return node.missing(`has no VJP rule for reduction '${reduction}'`);
    return [
      () => {
        if (reduction === 'add') return dy;
        // What was overwritten does not influence the result.
        const zeros = graph.scalar(0, dy.dtype).expandLike(updates);
        return graph.emit('ScatterElements', [dy, indices, zeros], { axis })[0]!;
      },
      null,
      () => dy.gatherElements(indices, axis),
    ];
  },
  GatherND: (node) => [() => scatterBlocks(node), null],
  ScatterND: (node) => {
    const { dy, graph, attributes } = node;
    const [indices, updates] = [node.inputs[1]!, node.inputs[2]!];
    const reduction = stringAttribute(attributes, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add')
      return node.missing(`has no VJP rule for reduction '${reduction}'`);
    return [
      // What was overwritten does not influence the result.
      () => (reduction === 'add' ? dy : graph.emit('ScatterND', [dy, indices, zerosLike(updates)])[0]!),
      null,
      () => graph.emit('GatherND', [dy, indices])[0]!,
    ];
  },
  // The two values, each as often as it was written.
  OneHot: ({ dy, graph, inputs, attributes }) => [
    null,
    null,
    () => {
      const off = [1, 0].map((value) => {
        const marks = graph.emit(
          'OneHot',
          [inputs[0]!, inputs[1]!, graph.constant([value, 1 - value], dy.dtype)],
          attributes,
        );
        return dy.mul(marks[0]!).sum(allAxes(dy), false).reshape([1]);
      });
      return off[0]!.concat([off[1]!], 0);
    },
  ],
  NonZero: 'constant',
  Shape: 'constant',
  Size: 'constant',
  ConstantOfShape: 'constant',
  // start + i·delta; the limit only decides how many there are.
  Range: ({ x: start, y, dy, inputs }) => [
    () => dy.sum([0], false),
    null,
    () => dy.mul(y.sub(start).div(inputs[2]!)).sum([0], false),
  ],
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
