export { type CrfLossOptions, type CrfParameters, crfLoss, crfParameters, crfTable } from './crf.js';
export { marginals } from './marginals.js';
export { legalMoves, type Moves, type StepScores } from './moves.js';
export { beginsSpan, labelsOfSpans, spansOfTags, type TokenSpan, tokensOf } from './spans.js';
export { readStepScores } from './step-scores.js';
export { type Place, parseTag, type Tag, type TagScheme, TagSet, tagSchemes } from './tag-set.js';
export { viterbi } from './viterbi.js';
export { planWindows, type Window } from './windows.js';
