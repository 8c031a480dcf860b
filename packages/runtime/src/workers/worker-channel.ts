import type { CallMessage, ReplyMessage } from './messages.js';

/**
 * Where a worker runs: in a thread of this process, which is cheap to talk to, or in a process of its own, which can be
 * ended whatever it does.
 */
export type Isolation = 'thread' | 'process';

/** The two ends of talking to a worker, of either kind. */
export interface WorkerChannel {
  /** Resolves when the worker is gone, for whatever reason. */
  readonly exited: Promise<void>;
  /** @param transfer Buffers to move rather than copy; processes copy them all the same. */
  post(message: CallMessage, transfer: readonly ArrayBuffer[]): void;
  /** Makes the worker keep our process alive, or not. */
  ref(): void;
  unref(): void;
  /**
   * Ends a process at once. A thread cannot be ended while native code runs in it: that would abort our process. It is
   * left alone, and as long as it is not back by itself, our process can only end by a signal, which is arranged here.
   */
  abandon(): void;
}

export interface ChannelEvents {
  reply(message: ReplyMessage): void;
  /** The worker ends or has ended; may be called more than once, the first time says why. */
  ended(reason: string, cause?: unknown): void;
  /** The worker cannot be talked to, though it may still be there. */
  broken(reason: string, cause: unknown): void;
}
