import type { ModelSignature } from './pool-worker.js';

/** A session's copy of the weights, as kernels want them and as the file has them, over the bytes of the file. */
const OWN_WEIGHTS = 1.7;
/** What a worker takes besides weights: its interpreter, the graph, and memory of runs. */
const WORKER_BYTES = 20e6;

/** About what a model takes while it is loaded. Runs on large batches take more. */
export function memoryBytes({ fileBytes, sharedWeights }: ModelSignature, workers: number): number {
  const weights = sharedWeights ? fileBytes : OWN_WEIGHTS * fileBytes * workers;
  return Math.round(weights + WORKER_BYTES * workers);
}
