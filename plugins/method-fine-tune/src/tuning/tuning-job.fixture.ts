import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import { readModelWeights, writeSafetensors } from '@zooid/hub';
import { encoderFamily, GraphBuilder, initialise } from '@zooid/nn';
import { type App, type ModelArtifacts, type ProgressEvent, type TrainingJob, validateDto } from '@zooid/spec';
import { type HostTensor, Random, tensor } from '@zooid/tensor';
import { FineTune } from '../fine-tune.js';
import { FineTuneOptions } from '../options.js';
import { toyApp, toyExamples, toySplit } from '../toy-app.fixture.js';

/** A BERT small enough for tests, no two of whose widths are equal. */
export const bert = {
  model_type: 'bert',
  vocab_size: 29,
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  intermediate_size: 48,
  max_position_embeddings: 18,
  // Wide enough that a random encoder has something to learn from.
  initializer_range: 0.2,
};

export const scratchFolder = (): string => mkdtempSync(join(tmpdir(), 'zooid-tuning-'));

/** A folder with random weights of a bare encoder, as the Hub has them. */
export async function baseOf(directory: string, config: Readonly<Record<string, unknown>>): Promise<ModelArtifacts> {
  const folder = mkdtempSync(join(directory, 'base-'));
  const family = encoderFamily(config);
  const builder = new GraphBuilder();
  family.build(builder, family.parse(config)).pooledOutput();
  const random = new Random(3);
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  await writeSafetensors(
    join(folder, 'model.safetensors'),
    builder.parameters.map((parameter) => [
      parameter.name,
      tensor('float32', initialise(parameter, random), parameter.shape),
    ]),
  );
  return { id: 'org/base', revision: 'r', folder, config };
}

export interface JobRequest {
  readonly output: string;
  readonly base?: ModelArtifacts;
  readonly train: Record<string, unknown>;
  /** Adapter to start from. */
  readonly adapter?: string;
  readonly examples?: number;
}

export function tuningJob({ output, base, train, adapter, examples = 320 }: JobRequest): TrainingJob {
  const given = { epochs: 12, batchSize: 16, bootstrap: 0, dropout: 0, learningRate: 1e-2, threads: 1, ...train };
  const options = validateDto(FineTuneOptions, given, 'train');
  return {
    app: toyApp as unknown as App,
    appOptions: {},
    options,
    ...(base === undefined ? {} : { base }),
    data: {
      train: toySplit('train', toyExamples(examples, 1)),
      validation: toySplit('validation', toyExamples(examples / 4, 2)),
      resources: adapter === undefined ? {} : { adapter },
    },
    seed: 5,
    recipe: { app: 'toy', method: 'fine-tune', model: 'base', train: given },
    output,
    resume: false,
  };
}

export function runTuning(job: TrainingJob, signal?: AbortSignal) {
  const events: ProgressEvent[] = [];
  const result = new FineTune().run(job, {
    logger: silentLogger,
    progress: (event) => events.push(event),
    ...(signal === undefined ? {} : { signal }),
  });
  return { events, result };
}

/** Names of the base's tensors that training changed, and of those it added; all sorted. */
export async function differences(base: string, result: string) {
  const [before, after] = [(await readModelWeights(base)).tensors, (await readModelWeights(result)).tensors];
  return {
    changed: [...before.keys()].filter((name) => !equal(before.get(name), after.get(name))).sort(),
    added: [...after.keys()].filter((name) => !before.has(name)).sort(),
  };
}

/** Bit for bit. */
export const equal = (a: HostTensor | undefined, b: HostTensor | undefined): boolean =>
  a !== undefined && b !== undefined && Buffer.compare(bytes(a), bytes(b)) === 0;

const bytes = ({ data }: HostTensor): Buffer => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
