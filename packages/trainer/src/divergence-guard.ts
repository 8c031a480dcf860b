import type { StepResult } from '@zooid/runtime';

const remembered = 10;

/** Remembers the last losses and decides when skipped updates mean that the run has diverged. */
export class DivergenceGuard {
  private losses: number[] = [];
  private skipped = 0;

  /** @param tolerance Consecutive skipped updates that are forgiven. 0: the first one stops the run. */
  constructor(private readonly tolerance: number) {}

  /** The last losses, oldest first; JSON may turn non-finite ones into `null`. */
  get state(): { readonly losses: readonly number[]; readonly skipped: number } {
    return { losses: this.losses, skipped: this.skipped };
  }

  restore(state: { readonly losses: readonly (number | null)[]; readonly skipped: number }): void {
    this.losses = state.losses.map((loss) => loss ?? Number.NaN);
    this.skipped = state.skipped;
  }

  /** @returns whether the run has diverged. */
  observe(result: StepResult): boolean {
    this.losses = [...this.losses.slice(1 - remembered), result.loss];
    const finite = result.updated && Number.isFinite(result.loss) && Number.isFinite(result.gradientNorm);
    this.skipped = finite ? 0 : this.skipped + 1;
    return this.skipped > this.tolerance;
  }
}
