import { type KernelChoice, KernelMemory, memoryCapacity, paddedCount } from '@zooid/optim';

/**
 * Memory that lasts for one run: dropout masks and row gradients. When a run needs more than any before, a larger
 * memory replaces the old one; growing it in place would detach the views that native code was given.
 */
export class Scratch {
  private memory: KernelMemory;
  private capacity = 0;

  constructor(private readonly choice: KernelChoice = 'auto') {
    this.memory = new KernelMemory(0, choice);
  }

  /** Forgets the last run and makes room for arrays of these sizes. */
  begin(counts: readonly number[]): KernelMemory {
    const needed = counts.reduce((sum, count) => sum + paddedCount(count), 0);
    if (needed > this.capacity) {
      // Pages that are never touched cost nothing, so the slack that saves later replacements is free.
      this.capacity = Math.max(needed, Math.min(memoryCapacity, Math.ceil(needed * 1.5)));
      this.memory = new KernelMemory(this.capacity, this.choice);
    }
    this.memory.reset();
    return this.memory;
  }
}

/** Memory for the gradients of one run that are added to others; as large as the most that any run needed. */
export class SpareGradients {
  private buffer = new Float32Array(0);
  private taken = 0;

  /** Forgets the last run and makes room for so many elements. */
  begin(count: number): void {
    if (count > this.buffer.length) this.buffer = new Float32Array(count);
    this.taken = 0;
  }

  take(count: number): Float32Array<ArrayBuffer> {
    this.taken += count;
    return this.buffer.subarray(this.taken - count, this.taken);
  }
}
