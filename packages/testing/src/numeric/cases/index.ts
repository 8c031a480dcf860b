import type { Op } from '@zooid/onnx';
import type { OpCase } from '../op-case.js';
import { contribCases } from './contrib.js';
import { elementwiseCases } from './elementwise.js';
import { fusedCases } from './fused.js';
import { indexingCases } from './indexing.js';
import { linearCases } from './linear.js';
import { movementCases } from './movement.js';
import { normalizationCases } from './normalization.js';
import { quantizationCases } from './quantization.js';
import { recurrentCases } from './recurrent.js';
import { reductionCases } from './reduction.js';

/** At least one case for every operator of the table: a forgotten one does not compile. */
export const opCases: { readonly [P in Op]: readonly OpCase[] } = {
  ...elementwiseCases,
  ...linearCases,
  ...reductionCases,
  ...movementCases,
  ...indexingCases,
  ...normalizationCases,
  ...recurrentCases,
  ...contribCases,
  ...fusedCases,
  ...quantizationCases,
};
