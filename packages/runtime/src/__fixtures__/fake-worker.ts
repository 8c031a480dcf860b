import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import type { ModelSignature, PoolWorker, PostedRun } from '../inference/pool-worker.js';

export const emptySignature: ModelSignature = { inputs: [], outputs: [], fileBytes: 0, sharedWeights: false };

interface FakeRun {
  readonly feeds: TensorMap;
  state: 'waiting' | 'begun' | 'withdrawn' | 'done';
  resolve(result: TensorMap): void;
  reject(error: Error): void;
}

/** A worker without a thread: it begins its runs in order and answers them when told to. */
export class FakeWorker implements PoolWorker {
  readonly ready: Promise<ModelSignature>;
  readonly exited: Promise<void>;
  readonly runs: FakeRun[] = [];
  alive = true;
  failed: Error | undefined;
  disposed = false;
  abandoned: Error | undefined;
  load!: () => void;
  refuse!: (error: Error) => void;
  private exit!: () => void;

  /** @param loaded false: `load` or `refuse` says when and how it gets ready */
  constructor(
    readonly depth = 2,
    loaded = true,
  ) {
    this.ready = new Promise((resolve, reject) => {
      this.load = () => resolve(emptySignature);
      this.refuse = reject;
    });
    this.ready.catch(() => {});
    this.exited = new Promise((resolve) => {
      this.exit = resolve;
    });
    if (loaded) this.load();
  }

  post(feeds: TensorMap): PostedRun {
    let run!: FakeRun;
    const result = new Promise<TensorMap>((resolve, reject) => {
      run = { feeds, state: 'waiting', resolve, reject };
    });
    this.runs.push(run);
    this.begin();
    return {
      result,
      withdraw: () => {
        if (run.state !== 'waiting' || this.depth === 1) return false;
        run.state = 'withdrawn';
        return true;
      },
    };
  }

  /** The first elements of what it has been sent, in order, without what was taken back. */
  get seen(): number[] {
    return this.runs.filter(({ state }) => state !== 'withdrawn').map(({ feeds }) => numberIn(feeds));
  }

  /** Answers the run that has begun with its own feeds. */
  async answer(): Promise<void> {
    const run = this.end();
    run.resolve(run.feeds);
    await settled();
  }

  async fail(message: string): Promise<void> {
    this.end().reject(new SessionError(message));
    await settled();
  }

  async die(message = 'the worker died'): Promise<void> {
    this.alive = false;
    this.failed = new SessionError(message);
    for (const run of this.runs) if (run.state !== 'done') run.reject(this.failed);
    await settled();
    this.exit();
    await settled();
  }

  abandon(reason: Error): void {
    this.alive = false;
    this.abandoned = reason;
    for (const run of this.runs) if (run.state !== 'done') run.reject(reason);
  }

  /** An abandoned thread ends after all. */
  async comeBack(): Promise<void> {
    this.exit();
    await settled();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.alive = false;
    this.exit();
  }

  private end(): FakeRun {
    const run = this.runs.find(({ state }) => state === 'begun');
    if (run === undefined) throw new Error('No run has begun');
    run.state = 'done';
    this.begin();
    return run;
  }

  private begin(): void {
    if (this.runs.some(({ state }) => state === 'begun')) return;
    for (const run of this.runs) {
      if (run.state === 'withdrawn') run.resolve({});
      if (run.state !== 'waiting') continue;
      run.state = 'begun';
      return;
    }
  }
}

export const feed = (value: number): TensorMap => ({
  x: { dtype: 'float32', dims: [1], data: Float32Array.of(value) },
});
export const numberIn = (map: TensorMap): number => Number(map.x!.data[0]);

/** Lets everything that is ready happen, also where timers are faked. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}
