import { ratio } from './counts.js';
import { assertSameLength } from './same-length.js';

export interface OutOfScopeScores {
  /** Accuracy over the in-scope examples; rejecting one is an error. NaN when there are none. */
  readonly inScopeAccuracy: number;
  /** Share of out-of-scope examples that were rejected; NaN when there are none. */
  readonly outOfScopeRecall: number;
  /** Share of rejections that were right; 0 when nothing was rejected. */
  readonly outOfScopePrecision: number;
  readonly outOfScopeF1: number;
}

/**
 * Intent classification with a label for everything else.
 *
 * @see Larson et al. 2019, "An Evaluation Dataset for Intent Classification and Out-of-Scope Prediction", §4
 */
export function outOfScopeScores(
  gold: readonly string[],
  predicted: readonly string[],
  outOfScope: string,
): OutOfScopeScores {
  assertSameLength('out-of-scope scores', gold, predicted);
  let inScope = 0;
  let inScopeCorrect = 0;
  let rejected = 0;
  let rightlyRejected = 0;
  for (const [i, label] of gold.entries()) {
    if (predicted[i] === outOfScope) rejected++;
    if (label === outOfScope) {
      if (predicted[i] === outOfScope) rightlyRejected++;
    } else {
      inScope++;
      if (predicted[i] === label) inScopeCorrect++;
    }
  }
  const outside = gold.length - inScope;
  return {
    inScopeAccuracy: inScopeCorrect / inScope,
    outOfScopeRecall: rightlyRejected / outside,
    outOfScopePrecision: ratio(rightlyRejected, rejected),
    outOfScopeF1: ratio(2 * rightlyRejected, rejected + outside),
  };
}
