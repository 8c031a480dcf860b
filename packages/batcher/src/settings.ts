/** How a batcher forms batches and when it refuses work. */
export interface BatchSettings {
  /**
   * Most padded tokens (rows × longest row) of a batch; default 256. Throughput peaks between 128 and 512 and falls
   * beyond about 1000, where the activations leave the cache. A single longer row runs alone.
   */
  readonly maxTokens?: number;
  /**
   * Most padding of a batch, in tokens; default 16, about what a forward pass costs beside its tokens: a row that would
   * add more is cheaper in a pass of its own.
   */
  readonly maxPadding?: number;
  /** Rows that may wait; default 8192. A request is never refused while nothing else waits, however large it is. */
  readonly maxQueuedRows?: number;
  /** Tokens that may wait; default 524288. */
  readonly maxQueuedTokens?: number;
  /**
   * Full batches that may be handed over beyond those that run at a time, so that a worker finds its next batch ready;
   * default 0. Batches that more rows could still join are never handed over early.
   */
  readonly ahead?: number;
  /**
   * Every row runs alone; default false. Dynamically quantized graphs scale activations per batch, so that an answer
   * depends on its batch mates; alone it is the same bits under any load.
   */
  readonly deterministic?: boolean;
}

/** One batch that was handed to the model. */
export interface BatchObservation {
  readonly rows: number;
  /** Without padding. */
  readonly tokens: number;
  /** Rows × longest row. */
  readonly paddedTokens: number;
  /** How long the row that had waited longest did. */
  readonly queueMs: number;
}

/** What a host tells the apps about batches: how to form them, and who wants to know. */
export interface Batching extends BatchSettings {
  /** Called after a batch was handed over; must be quick and must not throw. */
  readonly observe?: ((batch: BatchObservation) => void) | undefined;
}

/** Every setting, validated. */
export type CheckedSettings = Required<Omit<BatchSettings, 'deterministic'>>;

/** @throws RangeError naming the setting that is not a number it can be. */
export function checkSettings({
  maxTokens = 256,
  maxPadding = 16,
  maxQueuedRows = 8192,
  maxQueuedTokens = 524_288,
  ahead = 0,
  deterministic = false,
}: BatchSettings): CheckedSettings {
  // With a budget of one token no row finds a mate.
  const settings = { maxTokens: deterministic ? 1 : maxTokens, maxPadding, maxQueuedRows, maxQueuedTokens, ahead };
  for (const [name, value] of Object.entries(settings)) {
    const least = name === 'maxPadding' || name === 'ahead' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      throw new RangeError(`${name} must be an integer of at least ${least}, got ${value}`);
    }
  }
  return settings;
}
