/** What became of the requests of a load. Every one that was sent is counted once. */
export interface Outcomes {
  readonly sent: number;
  /** Answered with 2xx. */
  readonly answered: number;
  /** Answered with anything else, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Not answered at all, by the system's code: ECONNRESET, ECONNREFUSED, TIMEOUT. */
  readonly errors: Readonly<Record<string, number>>;
  /** Of those refused with 429 or 503, how many did not say when to come back. */
  readonly withoutRetryAfter: number;
  /** The first refusals, as people read them. */
  readonly examples: readonly string[];
  /** Models that answered, as `id@revision`, with how often. */
  readonly models: Readonly<Record<string, number>>;
  /** For every answer in turn: when it was due, in milliseconds since the load began, and how long it took. */
  readonly times: Float64Array;
  /** Status by request id, `0` for no answer; only when the order asked for ids. */
  readonly byId?: ReadonlyMap<string, number>;
}

/** Requests that were neither answered nor refused by one of `deliberate`. */
export function lost({ refused, errors }: Outcomes, deliberate: readonly number[] = []): number {
  const unexpected = Object.entries(refused).filter(([status]) => !deliberate.includes(Number(status)));
  return [...unexpected, ...Object.entries(errors)].reduce((sum, [, count]) => sum + count, 0);
}
