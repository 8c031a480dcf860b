import type { ModelSignature } from './pool-worker.js';

/** A session's own weights, as the file has them and as kernels want them, over the bytes of the file. */
const OWN_WEIGHTS = 1.7;
/** Pages of a prepacked copy that runs touch: of each matrix there are two forms, and only one is read. */
const TOUCHED = 0.55;
/** What a worker takes besides weights: its interpreter, the graph, and memory of runs. */
const WORKER_BYTES = 25e6;

/**
 * About what a model takes while it is loaded, as measured on BERT. Runs on large batches take more, and so do weights that
 * are stored as float16 and not shared.
 */
export function memoryBytes({ fileBytes, sharedWeights }: ModelSignature, workers: number): number {
  const weights = sharedWeights ? TOUCHED * fileBytes : OWN_WEIGHTS * fileBytes * workers;
  return Math.round(weights + WORKER_BYTES * workers);
}
