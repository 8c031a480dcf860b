export { type AdamWCoefficients, type AdamWStep, adamwCoefficients, resolveOptimizer } from './adamw.js';
export { type ArenaEntry, type ArenaSlot, allocateArena, planArena } from './arena.js';
export { type KernelChoice, KernelMemory, memoryCapacity } from './kernels/kernel-memory.js';
export { type Kernels, paddedCount } from './kernels/kernels.js';
export type { OptimizerOptions } from './options.js';
export { randomState } from './random-state.js';
export { createSchedule, type Schedule, type ScheduleOptions } from './schedule.js';
export { hasWeightDecay } from './weight-decay.js';
