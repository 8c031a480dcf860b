import { AbortError, type Metrics } from '@zooid/common';
import { planBatches } from '@zooid/data';
import type { Random, TensorMap } from '@zooid/tensor';
import type { Features, PreparedTask } from './training-task.js';

/** Runs a model on feeds and returns the outputs asked for: a training session's program, or an exported graph. */
export type Forward = (feeds: TensorMap, fetch: readonly string[]) => Promise<TensorMap>;

export interface EvaluationOptions {
  readonly task: PreparedTask;
  readonly examples: readonly unknown[];
  readonly features: readonly Features[];
  readonly forward: Forward;
  /** Name of the scalar mean loss among the forward pass's outputs; absent: no `loss` metric. */
  readonly loss?: string | undefined;
  readonly batchSize: number;
  readonly maxTokensPerBatch?: number | undefined;
  readonly random: Random;
  readonly signal?: AbortSignal | undefined;
}

export interface EvaluationResult {
  /** In the order of the examples. */
  readonly answers: readonly unknown[];
  /** The task's metrics, and `loss`. */
  readonly metrics: Metrics;
}

/** Batches that may wait at the worker, so that it never idles while the host collates and decodes. */
const inFlight = 2;

/** Answers every example and computes the task's metrics. No noise, no dropout; batches are sorted by length. */
export async function evaluateTask(options: EvaluationOptions): Promise<EvaluationResult> {
  const { task, examples, features, loss } = options;
  const lengths = features.map(({ length }) => length);
  const { batches } = planBatches(lengths, {
    batchSize: options.batchSize,
    ...(options.maxTokensPerBatch === undefined ? {} : { maxTokens: options.maxTokensPerBatch }),
    random: options.random,
    epoch: 0,
    window: Math.max(1, lengths.length), // one window: nothing to gain from variety here, padding to save
  });
  const fetch = loss === undefined ? task.outputs : [...task.outputs, loss];
  const answers = new Array<unknown>(examples.length);
  let lossSum = 0;
  let lossWeight = 0;

  const start = (index: number) => {
    const indices = batches[index]!;
    const rows = indices.map((i) => features[i]!);
    const random = options.random.fork('evaluate', index);
    const feeds = task.collate(rows, { training: false, labels: loss !== undefined, random });
    const outputs = options.forward(feeds, fetch);
    outputs.catch(() => {}); // awaited below; a failure of an earlier batch must not leave this one unhandled
    return { indices, rows, outputs };
  };
  const finish = async ({ indices, rows, outputs }: ReturnType<typeof start>) => {
    const result = await outputs;
    task.decode(result, rows).forEach((answer, row) => {
      answers[indices[row]!] = answer;
    });
    if (loss === undefined) return;
    const weight = task.lossWeight?.(rows) ?? rows.length;
    lossSum += Number(result[loss]!.data[0]) * weight;
    lossWeight += weight;
  };

  const running: ReturnType<typeof start>[] = [];
  for (let index = 0; index < batches.length; index++) {
    AbortError.throwIfAborted(options.signal);
    running.push(start(index));
    if (running.length >= inFlight) await finish(running.shift()!);
  }
  for (const batch of running) await finish(batch);

  const metrics = task.metrics(answers, examples);
  return { answers, metrics: loss === undefined ? metrics : { ...metrics, loss: lossSum / Math.max(lossWeight, 1) } };
}
