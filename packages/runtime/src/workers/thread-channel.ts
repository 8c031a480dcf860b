import { writeSync } from 'node:fs';
import { stderr } from 'node:process';
import { Worker } from 'node:worker_threads';
import type { CallMessage, ReplyMessage } from './messages.js';
import type { ChannelEvents, WorkerChannel } from './worker-channel.js';

/** Starts `entry` in a thread of this process. */
export class ThreadChannel implements WorkerChannel {
  readonly exited: Promise<void>;
  private readonly worker: Worker;

  constructor(entry: URL, name: string, events: ChannelEvents) {
    // Flags such as --input-type or a loader of the main thread do not fit a plain file.
    this.worker = new Worker(entry, { name, execArgv: [] });
    this.worker.unref();
    this.exited = new Promise((resolve) => this.worker.once('exit', () => resolve()));
    this.worker.on('message', (reply: ReplyMessage) => events.reply(reply));
    this.worker.on('error', (cause) => events.ended(`died: ${cause.message}`, cause));
    this.worker.on('messageerror', (cause) => events.broken('sent an unreadable answer', cause));
    this.worker.on('exit', (code) => events.ended(`ended with code ${code}`));
  }

  post(message: CallMessage, transfer: readonly ArrayBuffer[]): void {
    this.worker.postMessage(message, transfer);
  }

  ref(): void {
    this.worker.ref();
  }

  unref(): void {
    this.worker.unref();
  }

  abandon(): void {
    this.worker.unref();
    // Node ends its threads before it exits, which aborts the process or never returns while one is in native code.
    process.on('exit', endBySignal);
    // One listener per thread: each goes with its own.
    void this.exited.then(() => process.off('exit', endBySignal));
  }
}

function endBySignal(code: number): void {
  try {
    // Without a word this would look like a machine out of memory.
    writeSync(
      stderr.fd,
      `A thread is in a run that does not end; this process ends by SIGKILL instead of with code ${code}.\n`,
    );
  } catch {
    // Nobody is listening.
  }
  process.kill(process.pid, 'SIGKILL');
}
