import type { Benchmark } from './benchmark.js';

/** Loaded one by one, so that the memory one benchmark reports is not another's imports. */
export const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  gradients: async () => (await import('./bert/gradients.js')).gradients,
  'train-step': async () => (await import('./bert/train-step.js')).trainStep,
};
