import { readFile } from 'node:fs/promises';
import { createTrainingSession } from '@zooid/runtime';
import { Random } from '@zooid/tensor';
import { declareParameters } from '@zooid/trainer';
import { peakRssMiB } from '../machine.js';
import { compileClassifier, randomBatch } from './classifier.js';
import type { StepsRequest, StepsResult } from './steps.js';

/** Our side of a comparison, as a process: `our-steps.js REQUEST.json` prints a `StepsResult`. */
async function steps({
  config,
  batches,
  threads,
  distinctTokens,
  recompute = 'none',
}: StepsRequest): Promise<StepsResult> {
  const { program, parameters } = compileClassifier(config, { recompute });
  await using session = await createTrainingSession({
    parameters: declareParameters({ declared: parameters, random: new Random(1) }),
    programs: [program],
    optimizer: { kind: 'adamw' },
    threads,
    seed: 1,
  });
  const random = new Random(2);
  const milliseconds: number[] = [];
  const losses: number[] = [];
  for (const [i, lengths] of batches.entries()) {
    const { feeds } = randomBatch(config, lengths, Math.max(...lengths), random, distinctTokens);
    const start = performance.now();
    const { loss } = await session.step({
      microBatches: [{ program: program.name, feeds, weight: 1 }],
      step: i + 1,
      learningRates: { default: 1e-5 },
    });
    milliseconds.push(performance.now() - start);
    losses.push(loss);
  }
  return { milliseconds, losses, peakRssMiB: peakRssMiB() };
}

const [file] = process.argv.slice(2);
console.log(JSON.stringify(await steps(JSON.parse(await readFile(file!, 'utf8')) as StepsRequest)));
