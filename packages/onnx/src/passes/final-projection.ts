import type { Value } from '../value.js';
import type { Rewriting } from './rewrite-graph.js';

/** What may stand between a classifier's product and the scores it gives. */
const scoreOps: ReadonlySet<string> = new Set([
  'Add',
  'Sub',
  'Mul',
  'Div',
  'Identity',
  'Squeeze',
  'Unsqueeze',
  'Reshape',
  'Flatten',
  'Transpose',
  'Slice',
  'Softmax',
  'LogSoftmax',
  'Sigmoid',
  'Cast',
  'ArgMax',
]);

/** Whether a product gives scores: everything computed from it is a graph output, with no other layer in between. */
export function isFinalProjection(value: Value, rewriting: Rewriting): boolean {
  const seen = new Set<Value>([value]);
  for (const current of seen) {
    const users = rewriting.users(current);
    if (users.length === 0 && !rewriting.isOutput(current)) return false;
    for (const { op, outputs } of users) {
      if (!scoreOps.has(op)) return false;
      for (const output of outputs) seen.add(output);
    }
  }
  return true;
}
