import { parentPort, Worker } from 'node:worker_threads';
import { type CallMessage, DYING, type ReplyMessage } from './messages.js';

/** A worker's end of the channel. */
export interface WorkerPort {
  post(message: ReplyMessage, transfer: readonly ArrayBuffer[]): void;
  onCall(listener: (message: CallMessage) => void): void;
  /** Lets the worker end by itself. */
  close(): void;
}

/** How often, in milliseconds, a worker process looks whether the one that started it is still there. */
const ORPHAN_CHECK_MS = 1000;

/** The port of the thread or process that this code runs in. @throws Error on the main thread of a program. */
export function workerPort(): WorkerPort {
  if (parentPort !== null) return threadPort(parentPort);
  if (process.send !== undefined) return processPort();
  throw new Error('This module runs in a worker thread or a worker process');
}

function threadPort(port: NonNullable<typeof parentPort>): WorkerPort {
  return {
    post: (message, transfer) => port.postMessage(message, transfer),
    onCall: (listener) => void port.on('message', listener),
    close: () => port.close(),
  };
}

function processPort(): WorkerPort {
  // The terminal and service managers signal the whole group; when this process ends is for its parent to say.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit(0));
  process.once('uncaughtException', ({ message, stack }) => {
    // A thread's last error reaches its parent by itself; that of a process would only be on stderr.
    const last: ReplyMessage = [DYING, undefined, { message, stack, program: undefined }];
    process.send?.(last, undefined, undefined, () => process.exit(1));
  });
  endWithParent();
  let unsent = 0;
  let closing = false;
  const closeWhenSent = (): void => {
    if (closing && unsent === 0 && process.connected) process.disconnect();
  };
  return {
    post(message) {
      process.send?.(message, undefined, undefined, () => {
        unsent--;
        closeWhenSent();
      });
      // After it, as what cannot be cloned throws.
      unsent++;
    },
    onCall: (listener) => void process.on('message', (message) => listener(message as CallMessage)),
    close() {
      closing = true;
      closeWhenSent();
    },
  };
}

/**
 * A run that never returns also never sees that the parent is gone, and would keep a core busy for ever. A small thread
 * looks after that: an orphan has another parent than it was born with.
 */
function endWithParent(): void {
  const source = `
    const parent = process.ppid;
    setInterval(() => {
      if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
    }, ${ORPHAN_CHECK_MS});`;
  new Worker(source, { eval: true, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: 8 } }).unref();
}
