import type { StepResult } from '@zooid/runtime';
import type { HostTensor, TensorMap } from '@zooid/tensor';

/** One forward–backward pass of a step. */
export interface MicroBatch {
  /** Name of a program of the session; may differ from batch to batch. */
  readonly program: string;
  /** Everything the program wants besides parameters, randoms and scalars; methods add inputs of their own here. */
  readonly feeds: TensorMap;
  /** Share of this batch in the step's mean gradient, in any unit (rows, labelled tokens). */
  readonly weight: number;
  /** Real tokens, padding excluded; only reported. */
  readonly tokens: number;
}

/** Everything one update needs. */
export interface StepPlan {
  /** 0-based; only reported. */
  readonly epoch: number;
  readonly microBatches: readonly MicroBatch[];
  /** Learning rate per optimizer group; a group left out is not updated in this step. */
  readonly learningRates: Readonly<Record<string, number>>;
  /** Values of the programs' scalar inputs: temperature, replacing rate, sparsity. */
  readonly scalars?: Readonly<Record<string, number>>;
  /** Outputs to hand to `observe`, per micro-batch. */
  readonly fetch?: readonly string[];
}

/** What a source wants back after a resume. */
export interface SourceState {
  /** Plain JSON. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Arrays too large for JSON: notes per token, a teacher's cached logits. */
  readonly tensors?: ReadonlyMap<string, HostTensor>;
}

/**
 * Where steps come from: the one thing in which training methods differ. The loop asks for step 1, 2, … and neither
 * knows nor cares how many programs there are, what is fed besides the batch, or which groups move.
 *
 * A plan must be a function of the step number and of the saved state alone, so that a resumed run replays it bit for
 * bit: draw randomness from `(seed, step)`, not from a running generator.
 */
export interface ProgramSource {
  /** Updates to make in all; early stopping may end sooner. */
  readonly totalSteps: number;
  /** Steps after which an epoch ends, ascending; the last one equals `totalSteps`. Evaluation may follow them. */
  readonly epochEnds: readonly number[];
  /** The plan of a 1-based step. Called once per step in order; after a resume it starts at the checkpoint's step + 1. */
  plan(step: number): StepPlan | Promise<StepPlan>;
  /**
   * Host work after a step, with the outputs named in `fetch`. When present, the next plan is made only after it has
   * run; without it the next batch is prepared while the worker computes.
   */
  observe?(step: number, plan: StepPlan, result: StepResult): void | Promise<void>;
  /** State beyond the step number, saved with each checkpoint. Its tensors are written later: pass copies if they change. */
  save?(): SourceState;
  restore?(state: SourceState): void;
}
