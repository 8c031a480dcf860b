import { intAttribute, type Op, stringAttribute } from '@zooid/onnx';
import type { VjpNode, VjpRule } from './rule.js';
import { scatterInto, scatterSlices } from './scatter.js';

const axisOf = ({ attributes, x }: VjpNode): number => {
  const axis = intAttribute(attributes, 'axis', 0);
  return axis < 0 ? axis + x.rank : axis;
};

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
  ScatterND: 'missing',
  OneHot: 'constant',
  Shape: 'constant',
  ConstantOfShape: 'constant',
  Range: 'missing',
} satisfies Partial<Record<Op, VjpRule | 'constant' | 'missing'>>;
