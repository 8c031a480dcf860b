import { InferenceSession, Tensor } from 'onnxruntime-node';
import { idsOf } from './random-classifier.js';

export interface RawLoopRequest {
  /** Path of an ONNX file. */
  readonly model: string;
  /** Run one after another, a row each. */
  readonly texts: readonly string[];
  readonly seconds: number;
}

export interface RawLoopResult {
  readonly perSecond: number;
  readonly p50Ms: number;
}

/**
 * onnxruntime alone, as a process: one thread, one row a run, tensors made beforehand. It waits for a line before the clock
 * starts, so that several begin together: `raw-loop.js REQUEST` prints `ready`, then a `RawLoopResult`.
 */
const { model, texts, seconds } = JSON.parse(process.argv[2]!) as RawLoopRequest;
const session = await InferenceSession.create(model, {
  executionProviders: ['cpu'],
  graphOptimizationLevel: 'all',
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  extra: { optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' } },
});
const feeds = texts.map((text) => {
  const ids = idsOf(text);
  const row = (values: readonly number[]) => new Tensor('int64', BigInt64Array.from(values, BigInt), [1, ids.length]);
  const all = { input_ids: row(ids), attention_mask: row(ids.map(() => 1)), token_type_ids: row(ids.map(() => 0)) };
  return Object.fromEntries(Object.entries(all).filter(([name]) => session.inputNames.includes(name)));
});
const fetches = ['logits'];
for (const feed of feeds) await session.run(feed, fetches);
console.log('ready');
await new Promise((resolve) => process.stdin.once('data', resolve));
const times: number[] = [];
const until = performance.now() + 1000 * seconds;
for (let i = 0, now = performance.now(); now < until; i++) {
  await session.run(feeds[i % feeds.length]!, fetches);
  const end = performance.now();
  times.push(end - now);
  now = end;
}
const result: RawLoopResult = {
  perSecond: (1000 * times.length) / times.reduce((sum, time) => sum + time, 0),
  p50Ms: times.toSorted((a, b) => a - b)[times.length >> 1]!,
};
console.log(JSON.stringify(result));
process.stdin.destroy();
