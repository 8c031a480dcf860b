import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import appIntent from '@zooid/app-intent';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel } from '@zooid/kernel';
import { createServer, ServerConfig } from '@zooid/server';
import storeLocal from '@zooid/store-local';
import type { Benchmark } from '../benchmark.js';
import { projectRoot } from '../recipes/train-recipe.js';
import { rounded } from '../statistics.js';
import type { LoadOrder, LoadRequest } from './load.js';
import { TurnMeter } from './turn-meter.js';

const model = 'intent-zh-speaker';
const limitMs = 20;
const seconds = 5;
const sentence = '想听说不出的秘密';

const post = (name: string, body: unknown): LoadRequest => ({
  name,
  method: 'POST',
  path: `/v1/apps/${model}`,
  body: JSON.stringify(body),
});
const entries = (count: number, stem: string) =>
  Array.from({ length: count }, (_, i) => ({ surface: `${stem}${i}号`, type: 'song' }));

/** Everyday requests, and the largest ones that the limits let through. */
const requests: readonly LoadRequest[] = [
  post('one text', { inputs: sentence }),
  post('256 texts', { inputs: Array.from({ length: 256 }, (_, i) => `${sentence}第${i}遍`) }),
  post('texts of 5,000 characters', { inputs: Array.from({ length: 8 }, () => sentence.repeat(625)) }),
  post('500 entries of its own', { inputs: { text: sentence, lexicon: entries(500, '临时') } }),
  {
    name: 'lexicon of 14,000 entries',
    method: 'PUT',
    path: `/v1/apps/${model}/lexicons/big`,
    body: JSON.stringify({ entries: entries(14_000, '歌'), force: true }),
  },
];

export const eventLoop: Benchmark = {
  name: 'event-loop',
  description: `longest time one turn held the server's event loop under five kinds of load, over the ${limitMs} ms it may be`,
  target: 1,
  async run({ log }) {
    await using kernel = await createKernel({
      plugins: [storeLocal, backendOnnx, appIntent],
      config: { root: projectRoot, settings: { 'store-local': { roots: [join(projectRoot, 'modelzoo')] } } },
    });
    await kernel.endpoints.open(model, model);
    const server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
    const { url } = await server.listen();
    const details: Record<string, unknown> = {};
    let longest = 0;
    for (const request of requests) {
      // Once before the clock runs: compilation of hot code is a cost of the first seconds of a process, not of a request.
      await drive({ url, request, seconds: 1, connections: 2 });
      const meter = new TurnMeter();
      meter.start();
      const statuses = await drive({ url, request, seconds, connections: request.method === 'PUT' ? 1 : 8 });
      const { p99BusyMs, maxBusyMs, maxDelayMs } = meter.stop();
      const row = {
        p99BusyMs: rounded(p99BusyMs),
        maxBusyMs: rounded(maxBusyMs),
        maxDelayMs: rounded(maxDelayMs),
        statuses,
      };
      log(`${request.name}: ${JSON.stringify(row)}`);
      details[request.name] = row;
      longest = Math.max(longest, maxBusyMs);
    }
    await server.close();
    return { ratio: rounded(longest / limitMs), ok: longest <= limitMs, details };
  },
};

async function drive(order: LoadOrder): Promise<Record<number, number>> {
  const worker = new Worker(new URL('./load.js', import.meta.url), { workerData: order });
  const [counts] = (await once(worker, 'message')) as [Record<number, number>];
  await worker.terminate();
  return counts;
}
