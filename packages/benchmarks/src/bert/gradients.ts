import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DeclaredParameter, type EncoderConfig, initialise, normal } from '@zooid/nn';
import { createTrainingSession } from '@zooid/runtime';
import { elementCount, Random } from '@zooid/tensor';
import type { Benchmark, BenchmarkContext, Measurement } from '../benchmark.js';
import { findTorch, type TorchPeer } from '../peer.js';
import { rounded } from '../statistics.js';
import { type ClassifierBatch, compileClassifier, configs, LABELS, randomBatch } from './classifier.js';

const TARGET = 1e-5;

/** Below this share of the whole gradient's norm, a reference gradient is zero up to rounding. */
const ZERO = 1e-9;

/**
 * Gradients of every parameter of a BERT classifier against PyTorch in float64. The figure is the worst relative L2
 * error over parameters. A key bias shifts all scores of a query alike, which softmax ignores: its true gradient is
 * zero, so its error is taken relative to the whole gradient.
 */
export const gradients: Benchmark = {
  name: 'gradients',
  description:
    'worst relative L2 error of a parameter gradient, BERT classifier tiny and mini, against PyTorch float64',
  target: TARGET,
  async run(context: BenchmarkContext): Promise<Measurement> {
    const peer = await findTorch(context.pythons, 1);
    const sizes: Record<string, Comparison> = {};
    for (const [name, config] of Object.entries({ tiny: configs.tiny, mini: configs.mini })) {
      sizes[name] = await compare(config, peer);
      context.log(`${name}: worst relative L2 ${sizes[name].worst} in ${sizes[name].worstParameter}`);
    }
    const ratio = Math.max(...Object.values(sizes).map(({ worst }) => worst));
    return {
      ratio,
      ok: ratio <= TARGET,
      details: { ...sizes, peer: { torch: peer.torch, python: peer.python, dtype: 'float64' } },
    };
  },
};

interface Comparison {
  readonly worst: number;
  readonly worstParameter: string;
  readonly parameters: number;
  /** Relative L2 error of the gradient taken as one vector. */
  readonly whole: number;
  /** Parameters whose true gradient is zero. */
  readonly zeroGradients: readonly string[];
  readonly loss: number;
  readonly lossDifference: number;
}

async function compare(config: EncoderConfig, peer: TorchPeer): Promise<Comparison> {
  const random = new Random(3);
  const { program, parameters } = compileClassifier(config);
  const weights = parameters.map((parameter) => ({ ...parameter, data: randomWeight(parameter, random) }));
  const width = 32;
  const lengths = Array.from({ length: 8 }, (_, row) => (row === 0 ? width : 3 + random.int(width - 3)));
  const batch = randomBatch(config, lengths, width, random);

  await using session = await createTrainingSession({
    parameters: weights.map(({ name, shape, data }) => ({ name, shape, data, group: 'default' })),
    programs: [program],
    optimizer: { kind: 'adamw' },
    seed: 1,
  });
  const ours = await session.gradients(program.name, batch.feeds, 1);
  const reference = await referenceGradients(config, weights, batch, peer);

  const wholeNorm = norm(reference.gradients);
  const zeroGradients: string[] = [];
  let [worst, worstParameter, squaredError, offset] = [0, '', 0, 0];
  for (const { name, shape } of weights) {
    const expected = reference.gradients.subarray(offset, offset + elementCount(shape));
    offset += expected.length;
    const actual = ours.gradients.get(name)?.data ?? new Float32Array(expected.length);
    const error = norm(expected.map((value, i) => value - actual[i]!));
    squaredError += error ** 2;
    const isZero = norm(expected) < ZERO * wholeNorm;
    if (isZero) zeroGradients.push(name);
    const relative = error / (isZero ? wholeNorm : norm(expected));
    if (relative > worst) [worst, worstParameter] = [relative, name];
  }
  return {
    worst: rounded(worst, 3),
    worstParameter,
    parameters: weights.length,
    whole: rounded(Math.sqrt(squaredError) / wholeNorm, 3),
    zeroGradients,
    loss: rounded(reference.loss, 7),
    lossDifference: rounded(Math.abs(ours.loss - reference.loss), 3),
  };
}

/** Random biases and normalisation too: at their usual starting values many gradients would agree by accident. */
function randomWeight(parameter: DeclaredParameter, random: Random): Float32Array {
  const values = initialise({ ...parameter, initializer: normal(parameter.shape.length > 1 ? 0.05 : 0.1) }, random);
  return parameter.name.endsWith('LayerNorm.weight') ? values.map((value) => 1 + value) : values;
}

async function referenceGradients(
  config: EncoderConfig,
  weights: readonly (DeclaredParameter & { readonly data: Float32Array })[],
  batch: ClassifierBatch,
  peer: TorchPeer,
): Promise<{ readonly loss: number; readonly gradients: Float64Array }> {
  const folder = await mkdtemp(join(tmpdir(), 'zooid-bench-'));
  try {
    const request = {
      config,
      labels: LABELS,
      weights: weights.map(({ name, shape }) => ({ name, shape })),
      batch: batch.rows,
    };
    await writeFile(join(folder, 'request.json'), JSON.stringify(request));
    await writeFile(join(folder, 'weights.bin'), Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer))));
    const { loss } = (await peer.call('gradients', folder)) as { loss: number };
    const bytes = await readFile(join(folder, 'gradients.bin'));
    return { loss, gradients: new Float64Array(new Uint8Array(bytes).buffer) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function norm(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}
