import { cpuUsage } from 'node:process';
import { AbortError } from '@zooid/common';
import type { Model, RunContext } from '@zooid/spec';
import { benchInputs } from './bench-inputs.js';

/** Runs before any is measured, and how many are at least and at most. */
const [WARM_UP, LEAST_ROUNDS, MOST_ROUNDS] = [2, 7, 200];

/** One forward pass of `batch` rows of `length` tokens, over many rounds. */
export interface Timing {
  readonly batch: number;
  readonly length: number;
  readonly rounds: number;
  /** Milliseconds until the answer. */
  readonly p50: number;
  readonly p95: number;
  /** The middle half of all rounds is this wide, as a share of p50: what is within it is no difference. */
  readonly spread: number;
  /** Milliseconds of processor time, of all threads of the process; the median. Tells more than p50 on a busy machine. */
  readonly cpu: number;
  /** Rows a second, one pass after the other: by p50. */
  readonly throughput: number;
}

export interface TimingOptions extends RunContext {
  readonly batch: number;
  readonly length: number;
  /** About how long each model is measured. */
  readonly seconds: number;
}

/**
 * Times the same pass on several models in turns, so that whatever else the machine does meets all of them alike.
 *
 * @returns one timing per model, in order
 */
export async function timeModels(
  models: readonly Model[],
  { batch, length, seconds, signal }: TimingOptions,
): Promise<Timing[]> {
  const context = signal === undefined ? {} : { signal };
  const feeds = models.map((model) => benchInputs(model, batch, length));
  for (let i = 0; i < WARM_UP; i++) {
    for (const [at, model] of models.entries()) await model.forward(feeds[at]!, context);
  }
  const wall: number[][] = models.map(() => []);
  const cpu: number[][] = models.map(() => []);
  const end = performance.now() + 1000 * seconds * models.length;
  for (let round = 0; round < MOST_ROUNDS && (round < LEAST_ROUNDS || performance.now() < end); round++) {
    for (const [at, model] of models.entries()) {
      AbortError.throwIfAborted(signal);
      const before = cpuUsage();
      const start = performance.now();
      await model.forward(feeds[at]!, context);
      wall[at]!.push(performance.now() - start);
      const { user, system } = cpuUsage(before);
      cpu[at]!.push((user + system) / 1000);
    }
  }
  return models.map((_, at) => summarise(wall[at]!, cpu[at]!, batch, length));
}

function summarise(wall: readonly number[], cpu: readonly number[], batch: number, length: number): Timing {
  const [p25, p50, p75, p95] = [0.25, 0.5, 0.75, 0.95].map((share) => quantile(wall, share)) as [
    number,
    number,
    number,
    number,
  ];
  return {
    batch,
    length,
    rounds: wall.length,
    p50,
    p95,
    spread: (p75 - p25) / p50,
    cpu: quantile(cpu, 0.5),
    throughput: (1000 * batch) / p50,
  };
}

/** Between the two nearest ranks. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(position)]!, sorted[Math.ceil(position)]!];
  return low + (high - low) * (position - Math.floor(position));
}
