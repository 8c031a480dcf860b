import { createTrainingSession, runModel } from '@zooid/runtime';
import { Random, type TensorMap } from '@zooid/tensor';
import { compileProgram, declareParameters, type Features, type PreparedTask, taskModel } from '@zooid/trainer';
import { encoderOf, exportTiny } from './tiny-task.js';

export interface TinyTraining {
  readonly steps: number;
  /** Of every group of parameters. */
  readonly learningRate: number;
}

/** What became of a tiny task: its features are those of all examples, which are the batch of every step. */
export interface TrainedTiny {
  readonly losses: readonly number[];
  readonly features: readonly Features[];
  /** The batch without noise and labels, and what the trained and the exported graph make of it. */
  readonly feeds: TensorMap;
  readonly trained: TensorMap;
  readonly exported: TensorMap;
  /** The task's reading of what the exported graph gives. */
  readonly answers: readonly unknown[];
  /** Of the trained parameters. */
  readonly names: string[];
}

/** A few steps on all examples at once; the losses, and what the exported graph says beside the trained one. */
export async function trainTiny(
  task: PreparedTask,
  examples: readonly unknown[],
  { steps, learningRate }: TinyTraining,
): Promise<TrainedTiny> {
  const encoder = encoderOf(task);
  const train = compileProgram({ name: 'train', mode: 'train', build: taskModel(task, encoder, { loss: true }) });
  const evaluate = compileProgram({
    name: 'evaluate',
    mode: 'evaluate',
    build: taskModel(task, encoder, { loss: false }),
    outputs: task.outputs,
  });
  const declared = [...train.parameters, ...evaluate.parameters];
  await using session = await createTrainingSession({
    parameters: declareParameters({ declared, groups: task.groups, random: new Random(1) }),
    programs: [train.program, evaluate.program],
    optimizer: { kind: 'adamw' },
    seed: 1,
    threads: 1,
  });
  const features = examples.map((example) => task.featurize(example));
  const groups = ['default', ...task.groups.map(({ name }) => name)];
  const learningRates = Object.fromEntries(groups.map((name) => [name, learningRate]));
  const random = new Random(2);
  const losses: number[] = [];
  for (let step = 1; step <= steps; step++) {
    const feeds = task.collate(features, { training: true, random: random.fork(step) });
    const microBatches = [{ program: 'train', feeds, weight: 1 }];
    losses.push((await session.step({ step, microBatches, learningRates })).loss);
  }
  const feeds = task.collate(features, { training: false, random });
  const trained = await session.evaluate('evaluate', feeds, task.outputs);
  const { parameters } = await session.exportState({ moments: false });
  const exported = await runModel(exportTiny(task, new Map(parameters)), feeds);
  const answers = task.decode(exported, features) as readonly unknown[];
  return { losses, features, feeds, trained, exported, answers, names: [...parameters.keys()] };
}
