import { availableParallelism } from 'node:os';
import type { EncoderConfig } from '@zooid/nn';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.js';
import { describePeer, findTorch, type TorchPeer } from '../peer.js';
import { median, rounded } from '../statistics.js';
import { configs, LABELS } from './classifier.js';
import { ours, type Side, type StepsResult, theirs } from './steps.js';

/** Steps per process that are not counted. */
const WARM_UP = 3;

interface Case {
  readonly name: 'mini' | 'base';
  readonly config: EncoderConfig;
  readonly batch: number;
  readonly length: number;
  readonly target: number;
  readonly rounds: number;
  /** Counted steps per process. */
  readonly steps: number;
}

const cases: readonly Case[] = [
  { name: 'mini', config: configs.mini, batch: 16, length: 64, target: 0.85, rounds: 7, steps: 17 },
  { name: 'base', config: configs.base, batch: 8, length: 64, target: 0.78, rounds: 5, steps: 6 },
];

/** One side's median step of one process. */
interface Timing {
  readonly ms: number;
  readonly peakRssMiB: number;
}

/**
 * A full training step (forward, backward, AdamW) of a BERT classifier, dropout and clipping off, against the same step
 * in tuned PyTorch on as many threads. Every round is a new process on either side and rounds alternate, so that a
 * machine that slows down slows both.
 */
export const trainStep: Benchmark = {
  name: 'train-step',
  description:
    'milliseconds of a BERT training step, ours / tuned PyTorch, over the ratio allowed: ' +
    cases.map(({ name, batch, length, target }) => `${name} ${batch} × ${length} ${target}`).join(', '),
  target: 1,
  async run(context: BenchmarkContext): Promise<Measurement> {
    const threads = availableParallelism();
    const peer = await findTorch(context.pythons, threads);
    const results = [];
    for (const item of cases) results.push(await compare(item, peer, threads, context));
    const ratio = rounded(Math.max(...results.map((result) => result.ratio / result.target)));
    return {
      ratio,
      ok: ratio <= 1 && peer.blas !== 'reference',
      details: {
        table: results.map(({ name, shape, ratio, target, oursMs, peerMs, oursRssMiB, peerRssMiB }) => ({
          model: name,
          tokens: shape,
          'ours ms': rounded(median(oursMs)),
          'PyTorch ms': rounded(median(peerMs)),
          ratio,
          target,
          'ours MiB': oursRssMiB,
          'PyTorch MiB': peerRssMiB,
        })),
        sizes: results,
        threads,
        work: 'forward + backward + AdamW, float32, dropout and clipping off on both sides',
        peer: { script: context.peerScript ?? 'peers/bert_peer.py', ...describePeer(peer) },
      },
    };
  },
};

async function compare(item: Case, peer: TorchPeer, threads: number, context: BenchmarkContext) {
  const { name, batch, length, target, rounds } = item;
  const measureTheirs =
    context.peerScript === undefined
      ? () => timing(theirs(peer), item, threads)
      : () => foreignTiming(peer, context.peerScript!, item);
  const our: Timing[] = [];
  const their: Timing[] = [];
  for (let round = 1; round <= rounds; round++) {
    our.push(await timing(ours, item, threads));
    their.push(await measureTheirs());
    context.log(
      `${name} ${round}/${rounds}: ours ${rounded(our.at(-1)!.ms)} ms, PyTorch ${rounded(their.at(-1)!.ms)} ms`,
    );
  }
  const ms = (timings: readonly Timing[]): number[] => timings.map((timing) => rounded(timing.ms));
  const peak = (timings: readonly Timing[]): number =>
    Math.round(Math.max(...timings.map((timing) => timing.peakRssMiB)));
  return {
    name,
    shape: `${batch} × ${length}`,
    ratio: rounded(median(ms(our)) / median(ms(their)), 3),
    target,
    oursMs: ms(our),
    peerMs: ms(their),
    roundRatios: our.map((timing, i) => rounded(timing.ms / their[i]!.ms, 3)),
    oursRssMiB: peak(our),
    peerRssMiB: peak(their),
  };
}

async function timing(side: Side, { config, batch, length, steps }: Case, threads: number): Promise<Timing> {
  const lengths = Array<number>(batch).fill(length);
  const batches = Array<number[]>(WARM_UP + steps).fill(lengths);
  const { milliseconds, peakRssMiB }: StepsResult = await side({ config, labels: LABELS, batches, threads });
  return { ms: median(milliseconds.slice(WARM_UP)), peakRssMiB };
}

/** See `BenchmarkContext.peerScript`. */
async function foreignTiming(peer: TorchPeer, script: string, { name, batch, length, steps }: Case): Promise<Timing> {
  const options = { config: name, batch, length, iterations: WARM_UP + steps };
  const argv = Object.entries(options).flatMap(([key, value]) => [`--${key}`, String(value)]);
  const result = (await peer.run(script, 'step', ...argv)) as { medianMs: number; rssMiB: number };
  return { ms: result.medianMs, peakRssMiB: result.rssMiB };
}
