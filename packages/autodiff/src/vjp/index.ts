import type { Op } from '@zooid/onnx';
import { contribVjps } from './contrib.js';
import { elementwiseVjps } from './elementwise.js';
import { fusedVjps } from './fused.js';
import { indexingVjps } from './indexing.js';
import { linearVjps } from './linear.js';
import { movementVjps } from './movement.js';
import { normalizationVjps } from './normalization.js';
import { recurrentVjps } from './recurrent.js';
import { reductionVjps } from './reduction.js';
import type { VjpRule } from './rule.js';

/**
 * The derivative of every operator: a rule; `constant` where the derivative is zero wherever it exists; `missing`
 * where there is one that nobody has needed yet. An operator that is not listed does not compile.
 */
export const vjpRules: { readonly [P in Op]: VjpRule | 'constant' | 'missing' } = {
  ...elementwiseVjps,
  ...linearVjps,
  ...reductionVjps,
  ...movementVjps,
  ...indexingVjps,
  ...normalizationVjps,
  ...recurrentVjps,
  ...contribVjps,
  ...fusedVjps,
};

/** Operators that `grad` can walk through. */
export function isDifferentiable(op: Op): boolean {
  return typeof vjpRules[op] === 'function';
}
