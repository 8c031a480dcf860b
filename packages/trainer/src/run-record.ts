import { availableParallelism, cpus, totalmem } from 'node:os';
import type { Metrics, TrainEvent } from '@zooid/common';
import type { RunConfig } from './config-digest.js';

/** Where a run was made; enough to judge its timings. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly platform: string;
  readonly node: string;
}

/** `record.json`: a whole run at a glance. */
export interface RunRecord {
  readonly status: 'running' | 'finished' | 'aborted' | 'diverged' | 'failed';
  readonly startedAt: string;
  readonly updatedAt: string;
  readonly step: number;
  readonly totalSteps: number;
  /** Why it ended. */
  readonly reason?: string;
  readonly best?: { readonly step: number; readonly metrics: Metrics };
  readonly seed: number;
  readonly config: RunConfig;
  readonly configDigest: string;
  readonly machine: Machine;
  readonly timings: {
    /** Over all resumptions. */
    readonly trainingSeconds: number;
    readonly tokens: number;
    readonly tokensPerSecond: number;
    readonly peakMemoryBytes: number;
  };
  readonly curve: readonly TrainEvent[];
}

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  };
}

/** Largest resident size of this process so far, workers included. */
export function peakMemoryBytes(): number {
  return process.resourceUsage().maxRSS * 1024;
}
