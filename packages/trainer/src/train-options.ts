import type { Logger, Metrics, TrainEvent } from '@zooid/common';
import type { TrainingSession } from '@zooid/runtime';
import type { RunConfig } from './config-digest.js';
import type { ProgramSource } from './program-source.js';
import type { SelectOptions } from './selection.js';

/** When and how to look at held-out data during training. */
export interface TrainEvaluation {
  /** Name of the split, for events. */
  readonly split: string;
  /** After every epoch, or after every so many steps; always after the last step. */
  readonly every: 'epoch' | number;
  /** Computes metrics with the session's present parameters. Must not change them. */
  run(step: number): Promise<Metrics>;
}

export interface CheckpointOptions {
  /** Also write one after every so many steps, whatever the clock says. */
  readonly everySteps?: number;
  /**
   * Longest time between checkpoints in seconds, default 15. At the start they come sooner, and later where writing
   * one takes long. The clock decides when checkpoints are written, never what the run computes.
   */
  readonly everySeconds?: number;
  /** Newest checkpoints to keep while training, default 2; a finished run keeps one. The best weights are inside each of them. */
  readonly keep?: number;
}

export interface TrainOptions {
  /** Owns parameters and programs; the caller creates it and disposes of it. */
  readonly session: TrainingSession;
  readonly source: ProgramSource;
  /** Run folder: `checkpoints/`, `events.jsonl`, `record.json`, `report.html`. One per stage of a job. */
  readonly directory: string;
  /** What a checkpoint and the run that resumes from it must agree on. */
  readonly config: RunConfig;
  readonly seed: number;
  /** Continue from the newest checkpoint; without one, or when false, start at step 1. */
  readonly resume: boolean;
  /** Title of the report. */
  readonly title?: string;
  /** Global-norm clip of the gradients; absent: none. */
  readonly clipNorm?: number | undefined;
  readonly evaluation?: TrainEvaluation | undefined;
  /** Keeps the best weights by a metric of `evaluation`; absent: the last weights are the result. */
  readonly select?: SelectOptions | undefined;
  readonly checkpoints?: CheckpointOptions;
  /** Consecutive updates with a non-finite loss or gradient that are skipped before the run stops. Default 0. */
  readonly skipTolerance?: number;
  /** Steps between step events; default: about 400 events in all. */
  readonly logEvery?: number;
  /** Stops after the running step with a checkpoint and an AbortError. */
  readonly signal?: AbortSignal | undefined;
  readonly logger?: Logger;
  readonly onEvent?: (event: TrainEvent) => void;
}

export interface TrainResult {
  /** Updates asked for. */
  readonly steps: number;
  readonly stopped: 'steps' | 'patience';
  /** The evaluation whose weights were kept, when `select` was given and any value was finite. */
  readonly best?: { readonly step: number; readonly metrics: Metrics };
  /** Over all resumptions. */
  readonly seconds: number;
  readonly tokens: number;
  /** Steps and evaluations as they were logged, over all resumptions. */
  readonly curve: readonly TrainEvent[];
}
