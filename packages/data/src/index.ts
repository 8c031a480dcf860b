export { type BatchPlan, type BatchPlanOptions, planBatches } from './batches.js';
export type { DataLine, ReadOptions } from './data-line.js';
export { type ReadDelimitedOptions, readDelimited } from './delimited.js';
export { readJsonLines } from './json-lines.js';
export { readLines, type TextLine } from './lines.js';
export { prefetch } from './prefetch.js';
export { shuffled, splitByFraction } from './split.js';
export { atOnce, inTurns } from './steps.js';
export { Turns } from './turns.js';
