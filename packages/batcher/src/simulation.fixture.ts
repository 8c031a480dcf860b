import { Batcher, type BatcherOptions } from './batcher.js';
import type { BatchObservation } from './settings.js';

export interface SimulatedRow {
  readonly id: number;
  readonly length: number;
  /** Fails the batch it is in. */
  readonly poison?: boolean;
}

/** A batch that the simulated model was given. */
export interface SimulatedPass {
  readonly startedAt: number;
  readonly rows: readonly SimulatedRow[];
  readonly paddedTokens: number;
  readonly padding: number;
  aborted: boolean;
}

type Settings = Partial<Omit<BatcherOptions<SimulatedRow, number>, 'run' | 'lengthOf' | 'now' | 'soon'>>;

export const answerTo = ({ id }: SimulatedRow): number => 10 * id;
export const POISON = 'a poisonous row';

/** A batcher before a model whose passes take a millisecond and a hundredth of one per padded token, on a clock of its own. */
export class Simulation {
  readonly batcher: Batcher<SimulatedRow, number>;
  readonly passes: SimulatedPass[] = [];
  readonly observations: BatchObservation[] = [];
  mostAtOnce = 0;
  now = 0;
  private running = 0;
  private readonly events: { readonly at: number; readonly happen: () => void }[] = [];

  constructor(settings: Settings = {}) {
    this.batcher = new Batcher<SimulatedRow, number>({
      ...settings,
      lengthOf: ({ length }) => length,
      run: (rows, { signal }) => this.pass(rows, signal),
      observe: (observation) => this.observations.push(observation),
      now: () => this.now,
      soon: (callback) => this.at(this.now, callback),
    });
  }

  at(time: number, happen: () => void): void {
    this.events.push({ at: time, happen });
  }

  /** Lets everything happen, in order of time, until nothing is left or `until` has come. */
  async proceed(until = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      await settled();
      let next = -1;
      for (const [i, { at }] of this.events.entries()) if (next < 0 || at < this.events[next]!.at) next = i;
      if (next < 0 || this.events[next]!.at > until) return;
      const [event] = this.events.splice(next, 1);
      this.now = Math.max(this.now, event!.at);
      event!.happen();
    }
  }

  private pass(rows: readonly SimulatedRow[], signal: AbortSignal): Promise<number[]> {
    const paddedTokens = rows.length * Math.max(...rows.map(({ length }) => length));
    const padding = paddedTokens - rows.reduce((sum, { length }) => sum + length, 0);
    const pass: SimulatedPass = { startedAt: this.now, rows, paddedTokens, padding, aborted: false };
    this.passes.push(pass);
    signal.addEventListener('abort', () => {
      pass.aborted = true;
    });
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.running);
    return new Promise((resolve, reject) =>
      this.at(this.now + 1 + paddedTokens / 100, () => {
        this.running--;
        if (rows.some(({ poison }) => poison)) reject(new Error(POISON));
        else resolve(rows.map(answerTo));
      }),
    );
  }
}

/** Lets promises react. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Rows of the given lengths, numbered from `from`. */
export const rowsOf = (lengths: readonly number[], from = 0): SimulatedRow[] =>
  lengths.map((length, i) => ({ id: from + i, length }));

/** The same numbers in [0, 1) for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
