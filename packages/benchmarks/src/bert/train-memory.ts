import { availableParallelism } from 'node:os';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.js';
import { median, rounded } from '../statistics.js';
import { configs, LABELS } from './classifier.js';
import { ours, type StepsResult } from './steps.js';

const BATCH = 8;
const LENGTH = 128;
const WARM_UP = 1;
const STEPS = 4;
const ROUNDS = 2;

/** Most resident memory of the process at its peak, in bytes. */
const limits = { none: 4.2e9, layers: 2.6e9 } as const;
type Recompute = keyof typeof limits;

/**
 * Peak memory of a process that trains BERT-base on 8 × 128 tokens, optimizer state and Node included, with all
 * activations kept and with layers computed again for the backward pass.
 */
export const trainMemory: Benchmark = {
  name: 'train-memory',
  description:
    'peak memory of training BERT-base, 8 × 128 tokens, over the bytes allowed: 4.2 GB, and 2.6 GB with train.recompute: layers',
  target: 1,
  async run(context: BenchmarkContext): Promise<Measurement> {
    const threads = availableParallelism();
    const results: Record<Recompute, StepsResult[]> = { none: [], layers: [] };
    for (let round = 1; round <= ROUNDS; round++) {
      for (const recompute of ['none', 'layers'] as const) {
        const batches = Array<number[]>(WARM_UP + STEPS).fill(Array<number>(BATCH).fill(LENGTH));
        const result = await ours({ config: configs.base, labels: LABELS, batches, threads, recompute });
        results[recompute].push(result);
        context.log(
          `${recompute} ${round}/${ROUNDS}: ${rounded(bytes(result) / 1e9, 3)} GB, ${rounded(time(result))} ms`,
        );
      }
    }
    const peak = (recompute: Recompute): number => Math.max(...results[recompute].map(bytes));
    const ms = (recompute: Recompute): number => median(results[recompute].map(time));
    const ratio = rounded(Math.max(peak('none') / limits.none, peak('layers') / limits.layers));
    const [plain, cut] = [results.none[0]!.losses!, results.layers[0]!.losses!];
    const lossDifference = Math.max(...plain.map((loss, i) => Math.abs(loss - cut[i]!) / loss));
    return {
      ratio,
      ok: ratio <= trainMemory.target && lossDifference < 1e-4,
      details: {
        table: (['none', 'layers'] as const).map((recompute) => ({
          recompute,
          'peak GB': rounded(peak(recompute) / 1e9, 3),
          'limit GB': limits[recompute] / 1e9,
          'step ms': rounded(ms(recompute)),
          'time ratio': rounded(ms(recompute) / ms('none'), 3),
        })),
        /** Over the first steps, relative: gradients that differed would show. */
        lossDifference: rounded(lossDifference, 3),
        threads,
      },
    };
  },
};

const bytes = ({ peakRssMiB }: StepsResult): number => peakRssMiB * 2 ** 20;
const time = ({ milliseconds }: StepsResult): number => median(milliseconds.slice(WARM_UP));
