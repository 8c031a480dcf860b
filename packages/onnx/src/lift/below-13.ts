import { intAttribute, intsAttribute } from '../attributes.js';
import { GraphError } from '../errors.js';
import { type Lift, type NodeSpec, without } from './node-spec.js';

/** Opset 13 moved an attribute of whole numbers to the second input. */
function attributeToInput(attribute: string): Lift {
  return (node, graph) => {
    const numbers = intsAttribute(node.attributes, attribute);
    if (numbers === undefined) return node;
    return {
      ...node,
      inputs: [node.inputs[0] ?? null, graph.constant(numbers, 'int64')],
      attributes: without(node.attributes, attribute),
    };
  };
}

/**
 * Before opset 13 softmax took the tensor as a matrix: axes from `axis` (default 1) on were one row. That is the
 * modern operator only where `axis` is the last one.
 */
const coercedSoftmax: Lift = (node, graph) => {
  const x = node.inputs[0];
  if (x == null) throw new GraphError(`${node.opType} '${node.name}' has no input`);
  const given = intAttribute(node.attributes, 'axis', 1);
  const axis = given < 0 ? given + x.rank : given;
  if (axis === x.rank - 1) return { ...node, attributes: { axis: -1 } };
  if (axis < 0 || axis > x.rank)
    throw new GraphError(`${node.opType} '${node.name}' has axis ${given}, but the tensor has ${x.rank} axes`);
  const rows = graph.emit('Flatten', [x], { axis })[0]!;
  const y = node.opType === 'Softmax' ? rows.softmax(-1) : rows.logSoftmax(-1);
  return graph.emit('Reshape', [y, x.runtimeShape()], {}, node.outputs, '', node.name);
};

/** Until opset 12 the rate was an attribute, and the operator did nothing at inference. */
const dropout: Lift = (node: NodeSpec) => ({ ...node, attributes: without(node.attributes, 'ratio') });

export const liftFromBelow13: Readonly<Record<string, Lift>> = {
  Squeeze: attributeToInput('axes'),
  Unsqueeze: attributeToInput('axes'),
  ReduceSum: attributeToInput('axes'),
  Split: attributeToInput('split'),
  Softmax: coercedSoftmax,
  LogSoftmax: coercedSoftmax,
  Dropout: dropout,
};
