import { parentPort, workerData } from 'node:worker_threads';

/** One kind of request; its body is sent over and over. */
export interface LoadRequest {
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly body: string;
}

export interface LoadOrder {
  readonly url: string;
  readonly request: LoadRequest;
  readonly seconds: number;
  readonly connections: number;
}

/** Runs in a worker thread of its own, so that what it costs is not measured as the server's. */
const { url, request, seconds, connections } = workerData as LoadOrder;
const until = performance.now() + 1000 * seconds;
const counts: Record<number, number> = {};

async function client(): Promise<void> {
  while (performance.now() < until) {
    const response = await fetch(url + request.path, {
      method: request.method,
      headers: { 'content-type': 'application/json' },
      body: request.body,
    });
    await response.arrayBuffer();
    counts[response.status] = (counts[response.status] ?? 0) + 1;
  }
}

await Promise.all(Array.from({ length: connections }, client));
parentPort!.postMessage(counts);
