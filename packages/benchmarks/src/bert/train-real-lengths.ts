import { availableParallelism } from 'node:os';
import { planBatches } from '@zooid/data';
import { Random } from '@zooid/tensor';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.js';
import { describePeer, findTorch } from '../peer.js';
import { median, rounded } from '../statistics.js';
import { configs, LABELS } from './classifier.js';
import { type RealData, realData, realLengths } from './real-lengths.js';
import { ours, type Side, theirs } from './steps.js';

const TARGET = 0.5;
const BATCH = 32;
const ROUNDS = 5;
/** Of the longest batches, run before the clock starts. */
const WARM_UP = 3;

/** The batches of one epoch, as lengths of rows that are padded to the longest. */
interface Epoch {
  readonly batches: readonly (readonly number[])[];
  readonly paddedTokens: number;
}

/**
 * One epoch of training the mini classifier on the lengths of real data, batches of 32: ours as the trainer makes them
 * by default, 50 batches' worth of shuffled texts sorted by length; PyTorch on randomly drawn batches, each padded to
 * its longest row. As many updates on the same texts on both sides.
 */
export const trainRealLengths: Benchmark = {
  name: 'train-real-lengths',
  description:
    'seconds of an epoch on the lengths of cais and fewclue-tnews, mini BERT, batches of 32: ours sorted by length / tuned PyTorch on random batches',
  target: TARGET,
  async run(context: BenchmarkContext): Promise<Measurement> {
    const threads = availableParallelism();
    const peer = await findTorch(context.pythons, threads);
    const results = [];
    for (const data of realData) results.push(await compare(data, theirs(peer), threads, context));
    const ratio = Math.max(...results.map((result) => result.ratio));
    return {
      ratio,
      ok: ratio <= TARGET && peer.blas !== 'reference',
      details: {
        table: results.map(({ name, texts, updates, tokens, ours, peer, ratio }) => ({
          data: name,
          texts,
          updates,
          tokens,
          'ours: with padding': ours.paddedTokens,
          'PyTorch: with padding': peer.paddedTokens,
          'ours s': rounded(median(ours.seconds), 3),
          'PyTorch s': rounded(median(peer.seconds), 3),
          ratio,
          target: TARGET,
        })),
        data: results,
        threads,
        work: 'forward + backward + AdamW of every batch, float32, dropout and clipping off on both sides',
        peer: { script: 'peers/bert_peer.py', ...describePeer(peer) },
      },
    };
  },
};

async function compare(data: RealData, theirSide: Side, threads: number, context: BenchmarkContext) {
  const { name } = data;
  const { lengths, distinctTokens, source } = await realLengths(data);
  const sorted = epochOf(lengths, 50);
  const random = epochOf(lengths, 1);
  const [our, their]: [number[], number[]] = [[], []];
  for (let round = 1; round <= ROUNDS; round++) {
    our.push(await seconds(ours, sorted, threads, distinctTokens));
    their.push(await seconds(theirSide, random, threads));
    context.log(
      `${name} ${round}/${ROUNDS}: ours ${rounded(our.at(-1)!, 3)} s, PyTorch ${rounded(their.at(-1)!, 3)} s`,
    );
  }
  return {
    name,
    source,
    texts: lengths.length,
    tokens: lengths.reduce((sum, length) => sum + length, 0),
    updates: sorted.batches.length,
    ratio: rounded(median(our) / median(their), 3),
    roundRatios: our.map((time, i) => rounded(time / their[i]!, 3)),
    ours: { paddedTokens: sorted.paddedTokens, seconds: our },
    peer: { paddedTokens: random.paddedTokens, updates: random.batches.length, seconds: their },
  };
}

function epochOf(lengths: readonly number[], window: number): Epoch {
  const plan = planBatches(lengths, { batchSize: BATCH, random: new Random(1), epoch: 0, window });
  const batches = plan.batches.map((batch) => batch.map((index) => lengths[index]!));
  return { batches, paddedTokens: plan.paddedTokens };
}

async function seconds(side: Side, { batches }: Epoch, threads: number, distinctTokens?: number): Promise<number> {
  const size = (batch: readonly number[]) => batch.length * Math.max(...batch);
  const longest = batches.toSorted((a, b) => size(b) - size(a)).slice(0, WARM_UP);
  const result = await side({
    config: configs.mini,
    labels: LABELS,
    batches: [...longest, ...batches],
    threads,
    ...(distinctTokens !== undefined && { distinctTokens }),
  });
  return result.milliseconds.slice(WARM_UP).reduce((sum, ms) => sum + ms, 0) / 1000;
}
