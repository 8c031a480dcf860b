import { SessionError } from '../errors.js';
import type { CallMessage, ErrorDetails, ReplyMessage } from './messages.js';
import { ProcessChannel } from './process-channel.js';
import { ThreadChannel } from './thread-channel.js';
import type { Isolation, WorkerChannel } from './worker-channel.js';

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

/**
 * Calls code in a worker, a thread or a process. The worker keeps our process alive only while calls are pending. One
 * that dies rejects what is pending and everything after.
 */
export class WorkerClient {
  private readonly channel: WorkerChannel;
  private readonly pending = new Map<number, PendingCall>();
  private nextId = 0;
  private failure: Error | undefined;
  private disposal: Promise<void> | undefined;
  private abandoned = false;
  private letGo: (() => void) | undefined;

  /** @param label For messages: "training session". */
  constructor(
    entry: URL,
    private readonly label: string,
    isolation: Isolation = 'thread',
  ) {
    const Channel = isolation === 'thread' ? ThreadChannel : ProcessChannel;
    this.channel = new Channel(entry, label, {
      reply: (message) => this.settle(message),
      ended: (reason, cause) => this.fail(this.describe(reason, cause)),
      broken: (reason, cause) => this.abandon(this.describe(reason, cause)),
    });
  }

  /** Resolves when the worker is gone, for whatever reason. */
  get exited(): Promise<void> {
    return this.channel.exited;
  }

  /** Why it is not alive, unless it was disposed of. */
  get failed(): Error | undefined {
    return this.failure;
  }

  get alive(): boolean {
    return this.failure === undefined && this.disposal === undefined;
  }

  /**
   * @param transfer Buffers inside `payload` to move rather than copy; the caller loses them.
   * @throws SessionError when the call fails there, or the worker is gone.
   */
  call<T>(method: string, payload: unknown, transfer: readonly ArrayBuffer[] = []): Promise<T> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (this.disposal !== undefined) return Promise.reject(new SessionError(`The ${this.label} is disposed`));
    return new Promise((resolve, reject) => {
      const id = this.nextId++;
      this.channel.post([id, method, payload] satisfies CallMessage, transfer);
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      if (this.pending.size === 1) this.channel.ref();
    });
  }

  /**
   * Waits for the pending calls, lets the worker release what it holds, and for its end. May be called repeatedly. Does
   * not wait for a worker that was abandoned.
   */
  dispose(): Promise<void> {
    this.disposal ??= this.abandoned ? Promise.resolve() : this.shutDown();
    return this.disposal;
  }

  /**
   * Gives up a worker that does not answer: rejects what is pending with `reason` and everything after. A process is
   * killed; a thread is asked to end should it ever come back.
   */
  abandon(reason: Error): void {
    if (this.abandoned || this.failure !== undefined) return;
    this.abandoned = true;
    if (this.disposal === undefined) this.channel.post([this.nextId++, 'dispose', undefined], []);
    this.channel.abandon();
    this.letGo?.();
    this.fail(reason);
  }

  private async shutDown(): Promise<void> {
    this.channel.ref();
    this.channel.post([this.nextId++, 'dispose', undefined], []);
    await Promise.race([
      this.exited,
      new Promise<void>((resolve) => {
        this.letGo = resolve;
      }),
    ]);
  }

  private settle([id, value, error]: ReplyMessage): void {
    const call = this.pending.get(id);
    if (call === undefined) return;
    this.pending.delete(id);
    if (this.pending.size === 0 && this.disposal === undefined) this.channel.unref();
    if (error === undefined) call.resolve(value);
    else call.reject(rebuild(error));
  }

  private describe(reason: string, cause: unknown): SessionError {
    return new SessionError(`The ${this.label} worker ${reason}`, { cause });
  }

  private fail(failure: Error): void {
    this.failure ??= failure;
    for (const { reject } of this.pending.values()) reject(this.failure);
    this.pending.clear();
  }
}

function rebuild({ message, stack, program }: ErrorDetails): SessionError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new SessionError(message, { cause, program });
}
