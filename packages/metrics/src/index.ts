export {
  accuracy,
  type ClassificationScores,
  type ConfusionMatrix,
  classificationScores,
  confusionMatrix,
  matthewsCorrelation,
} from './classification.js';
export type { AveragedScores, LabelScores, PrecisionRecallF1 } from './counts.js';
export { type BleuOptions, type BleuScores, corpusBleu, distinctN, rougeL } from './generation.js';
export { type MultiLabelScores, multiLabelScores } from './multi-label.js';
export { type OutOfScopeScores, outOfScopeScores } from './out-of-scope.js';
export { expectedCalibrationError, logLoss, perplexity } from './probabilistic.js';
export { pearsonCorrelation, rocAuc, spearmanCorrelation } from './ranking.js';
export { type SegmentationScores, segmentationScores } from './segmentation.js';
export { type Span, spanScores } from './spans.js';
export { type BootstrapOptions, bootstrapInterval, type Interval, meanAndSd } from './statistics.js';
export { type WordBoundaryScores, wordBoundaryScores } from './word-boundaries.js';
