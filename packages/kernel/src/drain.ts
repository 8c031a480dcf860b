import { AbortError } from '@zooid/common';

/** Counts the uses of a resource and releases it once: after `retire`, when the last use has ended. */
export class Drain {
  #uses = 0;
  #retired = false;
  #released = false;
  readonly #release: () => Promise<void>;
  readonly #done: Promise<void>;
  #settle!: (release: Promise<void>) => void;

  constructor(release: () => Promise<void>) {
    this.#release = release;
    this.#done = new Promise((resolve) => {
      this.#settle = resolve;
    });
    // A failed release is the business of whoever called retire(); without a caller it must not end the process.
    this.#done.catch(() => {});
  }

  get uses(): number {
    return this.#uses;
  }

  get isRetired(): boolean {
    return this.#retired;
  }

  /** After this the resource must not be touched. */
  get isReleased(): boolean {
    return this.#released;
  }

  /** Starts a use; the returned function ends it and may be called again without effect. */
  enter(): () => void {
    this.#uses++;
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#uses--;
      this.#releaseIfIdle();
    };
  }

  /** Releases when idle. Settles after the release, with its error if it fails. */
  retire(): Promise<void> {
    this.#retired = true;
    this.#releaseIfIdle();
    return this.#done;
  }

  #releaseIfIdle(): void {
    if (!this.#retired || this.#released || this.#uses > 0) return;
    this.#released = true;
    this.#settle(this.#release());
  }
}

/** Settles with `work`, or rejects as soon as `signal` fires; `work` itself goes on for those who share it. */
export async function abortable<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  AbortError.throwIfAborted(signal);
  let onAbort = () => {};
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new AbortError(undefined, { cause: signal.reason }));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
