import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTrainingSession, type TrainingSession } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';
import { declareParameters } from '@zooid/trainer';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.js';
import { peakRssMiB } from '../machine.js';
import { findTorch } from '../peer.js';
import { median, rounded } from '../statistics.js';
import { compileClassifier, configs, LABELS, randomBatch } from './classifier.js';

const ROUNDS = 7;
const WARM_UP = 4;
const STEPS = 16;
const BATCH = 16;
const LENGTH = 64;
const RSS_LIMIT_MIB = 700;

/**
 * A full training step (forward, backward, global-norm clip, AdamW) of the 4-layer, 256-wide BERT classifier on 16 × 64
 * tokens, dropout off, against the same step in tuned PyTorch on as many threads. Rounds alternate, so that a machine
 * that slows down slows both.
 */
export const trainStep: Benchmark = {
  name: 'train-step',
  description: 'milliseconds of a training step, mini BERT (4 layers, 256), 16 × 64 tokens: ours / tuned PyTorch',
  target: 0.95,
  async run(context: BenchmarkContext): Promise<Measurement> {
    const threads = availableParallelism();
    const peer = await findTorch(context.pythons, threads);
    const folder = await mkdtemp(join(tmpdir(), 'zooid-bench-'));
    try {
      const request = join(folder, 'step.json');
      const config = configs.mini;
      await writeFile(
        request,
        JSON.stringify({ config, labels: LABELS, batch: BATCH, length: LENGTH, iterations: WARM_UP + STEPS, threads }),
      );
      await using session = await openSession(threads);
      const { feeds } = randomBatch(config, Array<number>(BATCH).fill(LENGTH), LENGTH, new Random(2));
      const ours: number[] = [];
      const theirs: number[] = [];
      let theirRss = 0;
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await timeSteps(session, feeds));
        const result = (await peer.call('step', request)) as { milliseconds: number[]; peakRssMiB: number };
        theirs.push(median(result.milliseconds.slice(WARM_UP)));
        theirRss = Math.max(theirRss, Math.round(result.peakRssMiB));
        context.log(`round ${round + 1}: ours ${ours.at(-1)!.toFixed(1)} ms, PyTorch ${theirs.at(-1)!.toFixed(1)} ms`);
      }
      const ratio = rounded(median(ours) / median(theirs));
      const rss = peakRssMiB();
      const untuned = peer.blas === 'reference';
      return {
        ratio,
        ok: ratio <= trainStep.target && rss < RSS_LIMIT_MIB && !untuned,
        details: {
          oursMs: ours.map((ms) => rounded(ms)),
          peerMs: theirs.map((ms) => rounded(ms)),
          roundRatios: ours.map((ms, i) => rounded(ms / theirs[i]!, 3)),
          peakRssMiB: rss,
          peakRssLimitMiB: RSS_LIMIT_MIB,
          peerPeakRssMiB: theirRss,
          threads,
          peer: { torch: peer.torch, python: peer.python, blas: peer.blas, environment: peer.environment },
          ...(untuned && {
            warning:
              'PyTorch runs on the reference BLAS here, so the ratio says nothing; apt-get install -y libopenblas0-pthread',
          }),
        },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function openSession(threads: number): Promise<TrainingSession> {
  const { program, parameters } = compileClassifier(configs.mini);
  return createTrainingSession({
    parameters: declareParameters({ declared: parameters, random: new Random(1) }),
    programs: [program],
    optimizer: { kind: 'adamw' },
    threads,
    seed: 1,
  });
}

/** Median milliseconds of a step as the trainer sees it, from the call to the answer of the worker. */
async function timeSteps(session: TrainingSession, feeds: TensorMap): Promise<number> {
  const times: number[] = [];
  for (let step = 1; step <= WARM_UP + STEPS; step++) {
    const start = performance.now();
    await session.step({
      microBatches: [{ program: 'classifier', feeds, weight: 1 }],
      step,
      learningRates: { default: 1e-5 },
      clipNorm: 1,
    });
    times.push(performance.now() - start);
  }
  return median(times.slice(WARM_UP));
}
