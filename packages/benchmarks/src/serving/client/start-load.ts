import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { LoadOrder } from './load-client.js';
import type { Outcomes } from './outcomes.js';

/** The compiled thread: a test runner reads sources, which Node cannot run, so build before its tests. */
const program = new URL('./load-thread.js', import.meta.url.replace('/benchmarks/src/', '/benchmarks/dist/'));

/** A load that is under way in a thread of its own. */
export interface RunningLoad {
  /** Of the requests that are answered by now. */
  outcomes(): Promise<Outcomes>;
  /** Sends no more and waits for the answers that are due. */
  stop(): Promise<Outcomes>;
}

export function startLoad(order: LoadOrder): RunningLoad {
  const worker = new Worker(program, { workerData: order });
  const ask = async (message: 'outcomes' | 'stop') => {
    const reply = once(worker, 'message'); // rejects when the thread fails
    worker.postMessage(message);
    return ((await reply) as [Outcomes])[0];
  };
  return { outcomes: () => ask('outcomes'), stop: () => ask('stop') };
}
