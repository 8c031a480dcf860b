import { ModelError } from '@zooid/spec';
import { formatBytes } from './byte-size.js';

/** What the budget is asked for, and what stands in the way. All in bytes. */
export interface BudgetShortage {
  readonly needed: number;
  /** Of models that are loaded or being loaded. */
  readonly used: number;
  readonly budget: number;
  /** The part of `used` that could be freed now. */
  readonly evictable: number;
}

/** A model does not fit into the memory budget beside those that are in use. */
export class MemoryBudgetError extends ModelError {
  override readonly code = 'MEMORY_BUDGET';

  constructor(
    model: string,
    readonly shortage: BudgetShortage,
  ) {
    const { needed, used, budget, evictable } = shortage;
    const size = `model '${model}' needs ${formatBytes(needed)} of memory`;
    const message =
      needed > budget
        ? `${size}, more than the whole budget of ${formatBytes(budget)}; raise memoryBudget`
        : `${size}, but of the budget of ${formatBytes(budget)} ${formatBytes(used)} are in use and only ` +
          `${formatBytes(evictable)} of them by models that are idle; try again shortly, or raise memoryBudget`;
    super(model, message);
  }
}
