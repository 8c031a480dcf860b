import { Worker } from 'node:worker_threads';
import { SessionError } from '../errors.js';
import type { CallMessage, ErrorDetails, ReplyMessage } from './messages.js';

interface PendingCall {
  resolve(value: unknown): void;
  reject(error: SessionError): void;
}

/**
 * Calls code in a worker thread. The thread keeps the process alive only while calls are pending. A worker that dies
 * rejects what is pending and everything after.
 */
export class WorkerClient {
  private readonly worker: Worker;
  private readonly pending = new Map<number, PendingCall>();
  private readonly exit: Promise<void>;
  private nextId = 0;
  private failure: SessionError | undefined;
  private disposal: Promise<void> | undefined;

  /** @param label For messages: "training session". */
  constructor(
    entry: URL,
    private readonly label: string,
  ) {
    // Flags such as --input-type or a loader of the main thread do not fit a plain file.
    this.worker = new Worker(entry, { name: label, execArgv: [] });
    this.worker.unref();
    this.exit = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.on('message', (reply: ReplyMessage) => this.settle(reply));
    this.worker.on('error', (cause) => this.fail(`The ${this.label} worker died: ${cause.message}`, cause));
    this.worker.on('messageerror', (cause) => this.fail(`The ${this.label} worker sent an unreadable answer`, cause));
    this.worker.on('exit', (code) => this.fail(`The ${this.label} worker ended with code ${code}`));
  }

  /** Resolves when the thread is gone, for whatever reason. */
  get exited(): Promise<void> {
    return this.exit;
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
      this.worker.postMessage({ id, method, payload } satisfies CallMessage, transfer);
      this.pending.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.worker.ref();
    });
  }

  /** Waits for the pending calls, lets the worker release what it holds, and for its end. May be called repeatedly. */
  dispose(): Promise<void> {
    this.disposal ??= this.shutDown();
    return this.disposal;
  }

  private async shutDown(): Promise<void> {
    this.worker.ref();
    this.worker.postMessage({ id: this.nextId++, method: 'dispose', payload: undefined } satisfies CallMessage);
    await this.exit;
  }

  private settle(reply: ReplyMessage): void {
    const call = this.pending.get(reply.id);
    if (call === undefined) return;
    this.pending.delete(reply.id);
    if (this.pending.size === 0 && this.disposal === undefined) this.worker.unref();
    if (reply.ok) call.resolve(reply.value);
    else call.reject(rebuild(reply.error));
  }

  private fail(message: string, cause?: unknown): void {
    this.failure ??= new SessionError(message, { cause });
    for (const { reject } of this.pending.values()) reject(this.failure);
    this.pending.clear();
  }
}

function rebuild({ message, stack, program }: ErrorDetails): SessionError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new SessionError(message, { cause, program });
}
