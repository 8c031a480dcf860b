import { isAnonymousDim } from '@zooid/tensor';
import { intAttribute, stringAttribute } from '../attributes.js';
import { GraphError } from '../errors.js';
import type { NodeView, OpRule } from './rule.js';

export type RecurrentOp = 'LSTM';

function directionCount(node: NodeView): number {
  const direction = stringAttribute(node.attributes, 'direction', 'forward');
  if (direction === 'bidirectional') return 2;
  if (direction === 'forward' || direction === 'reverse') return 1;
  throw new GraphError(`${node.op} has direction '${direction}'; it is forward, reverse or bidirectional`);
}

export const recurrentRules: { readonly [P in RecurrentOp]: OpRule } = {
  /**
   * `X` `[sequence, batch, input]`, `W` `[directions, 4·hidden, input]`, `R` `[directions, 4·hidden, hidden]`, `B`
   * `[directions, 8·hidden]`, gates in the order i, o, f, c; `layout = 1` puts the batch first.
   */
  LSTM: (node) => {
    const [x, w, r] = [node.input(0), node.input(1), node.input(2)];
    if (x.shape.length !== 3) node.fail('three axes', x.shape);
    const directions = directionCount(node);
    const hidden = intAttribute(node.attributes, 'hidden_size', 0) || r.shape[2];
    if (typeof hidden !== 'number') throw new GraphError('LSTM needs the attribute hidden_size, or R of known size');
    const expected = { w: [directions, 4 * hidden, x.shape[2]!], r: [directions, 4 * hidden, hidden] };
    for (const [value, shape] of [[w, expected.w] as const, [r, expected.r] as const]) {
      const fits =
        value.shape.length === 3 && value.shape.every((dim, i) => isAnonymousDim(dim) || node.mayEqual(dim, shape[i]!));
      if (!fits) node.fail(shape, value.shape);
    }
    const dtype = node.commonDType(x, w, r);
    const batchFirst = intAttribute(node.attributes, 'layout', 0) !== 0;
    const [sequence, batch] = batchFirst ? [x.shape[1]!, x.shape[0]!] : [x.shape[0]!, x.shape[1]!];
    const state = batchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    return [
      {
        dtype,
        shape: batchFirst ? [batch, sequence, directions, hidden] : [sequence, directions, batch, hidden],
      },
      { dtype, shape: state },
      { dtype, shape: state },
    ];
  },
};
