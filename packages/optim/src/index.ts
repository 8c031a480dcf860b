export type { OptimizerOptions } from './options.js';
