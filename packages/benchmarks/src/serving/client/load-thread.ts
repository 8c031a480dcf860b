import { parentPort, workerData } from 'node:worker_threads';
import { LoadClient, type LoadOrder } from './load-client.js';

/** A {@link LoadClient} in a thread of its own: answers `outcomes` with those so far, and `stop` with all of them. */
const client = new LoadClient(workerData as LoadOrder);
client.start();
parentPort!.on('message', async (message: 'outcomes' | 'stop') => {
  parentPort!.postMessage(message === 'stop' ? await client.stop() : client.outcomes);
  if (message === 'stop') parentPort!.close();
});
