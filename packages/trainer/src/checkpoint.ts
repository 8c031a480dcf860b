import { access, copyFile, link, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from '@zooid/common';
import { readSafetensors, syncFolder, writeFileAtomically, writeSafetensors } from '@zooid/hub';
import type { TrainingState } from '@zooid/runtime';
import type { HostTensor } from '@zooid/tensor';
import type { RunConfig } from './config-digest.js';
import { RunFolderError } from './errors.js';
import type { SourceState } from './program-source.js';
import type { SelectionState } from './selection.js';

/** Version of the checkpoint layout. */
export const checkpointFormat = 1;
const folderPattern = /^step-(\d+)$/;
const temporaryPrefix = '.writing-';
const sourceFile = 'source.safetensors';

/**
 * Everything besides arrays that continuing needs. There is no generator state: all randomness is drawn from
 * `(seed, step)` or `(seed, epoch, batch)`, so the seed and the step are the state.
 */
export interface CheckpointState {
  readonly format: typeof checkpointFormat;
  /** Updates asked for so far. */
  readonly step: number;
  /** Updates made so far: less than `step` when some were skipped. */
  readonly updates: number;
  readonly seed: number;
  readonly config: RunConfig;
  readonly configDigest: string;
  /** Step after which validation last ran; 0 before the first time. */
  readonly lastEvaluation: number;
  readonly selection: SelectionState | undefined;
  readonly divergence: { readonly losses: readonly (number | null)[]; readonly skipped: number };
  readonly source: SourceState['values'] | undefined;
  /** Loss sum and count since the last step event. */
  readonly window: { readonly loss: number; readonly steps: number };
  readonly tokens: number;
  /** Seconds of training so far, over all resumptions. */
  readonly seconds: number;
  /** Why training ended; absent while it goes on. */
  readonly finished?: 'steps' | 'patience';
}

export interface Checkpoint {
  readonly path: string;
  readonly state: CheckpointState;
  readonly training: TrainingState;
  /** Parameters at the best evaluation. */
  readonly best: Parameters | undefined;
  readonly source: SourceState | undefined;
}

/** The arrays of a checkpoint. */
export interface CheckpointArrays {
  readonly training: TrainingState;
  /** Parameters at the best evaluation so far. */
  readonly best: Parameters | undefined;
  readonly sourceTensors: SourceState['tensors'] | undefined;
}

type Moments = TrainingState['moments'] extends ReadonlyMap<string, infer M> ? M : never;

export type Parameters = ReadonlyMap<string, HostTensor<'float32'>>;

/**
 * Checkpoints of one run, as `step-N/` folders with `parameters.safetensors`, `moments.safetensors`,
 * `best.safetensors` (and `source.safetensors`, for sources with arrays) and `state.json`. A folder appears under its name only when all of it is on disk, so a process
 * killed at any moment leaves whole checkpoints behind.
 */
export class CheckpointStore {
  /** Folder and step of the best weights that are already on disk, to link instead of writing them again. */
  private bestOnDisk: { readonly folder: string; readonly step: number } | undefined;

  constructor(
    readonly directory: string,
    private readonly keep: number,
    private readonly logger: Logger,
  ) {}

  /** The newest checkpoint that can be read, or `undefined` when there is none. Damaged ones are reported and passed over. */
  async latest(): Promise<Checkpoint | undefined> {
    for (const path of await this.folders()) {
      try {
        const checkpoint = await readCheckpoint(path);
        if (checkpoint.best !== undefined)
          this.bestOnDisk = { folder: path, step: checkpoint.state.selection!.bestStep };
        return checkpoint;
      } catch (error) {
        if (error instanceof RunFolderError) throw error;
        this.logger.warn(
          { path, error: error instanceof Error ? error.message : String(error) },
          'checkpoint is damaged, trying the one before',
        );
      }
    }
    return undefined;
  }

  /** Path of the newest checkpoint. */
  async newestPath(): Promise<string | undefined> {
    return (await this.folders())[0];
  }

  async write(state: CheckpointState, { training, best, sourceTensors }: CheckpointArrays): Promise<string> {
    const path = join(this.directory, `step-${state.step}`);
    const temporary = join(this.directory, `${temporaryPrefix}step-${state.step}`);
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await writeSafetensors(join(temporary, 'parameters.safetensors'), training.parameters);
    await writeSafetensors(join(temporary, 'moments.safetensors'), momentTensors(training));
    if (best !== undefined) await this.writeBest(temporary, state, best);
    if (sourceTensors !== undefined) await writeSafetensors(join(temporary, sourceFile), sourceTensors);
    await writeFileAtomically(join(temporary, 'state.json'), [
      new TextEncoder().encode(JSON.stringify(state, null, 1)),
    ]);
    await rm(path, { recursive: true, force: true });
    await rename(temporary, path);
    await syncFolder(this.directory);
    if (best !== undefined) this.bestOnDisk = { folder: path, step: state.selection!.bestStep };
    await this.prune(this.keep);
    return path;
  }

  private async writeBest(folder: string, state: CheckpointState, best: Parameters): Promise<void> {
    const target = join(folder, 'best.safetensors');
    const bestStep = state.selection!.bestStep;
    if (this.bestOnDisk?.step === bestStep) {
      const existing = join(this.bestOnDisk.folder, 'best.safetensors');
      // File systems without hard links get a copy; a source that has vanished is written anew.
      const linked = await link(existing, target)
        .catch(() => copyFile(existing, target))
        .then(
          () => true,
          () => false,
        );
      if (linked) return;
    }
    await writeSafetensors(target, best);
  }

  /** Newest first. */
  private async folders(): Promise<string[]> {
    return (await this.names())
      .flatMap((name) => Number(folderPattern.exec(name)?.[1] ?? Number.NaN))
      .filter((step) => !Number.isNaN(step))
      .sort((a, b) => b - a)
      .map((step) => join(this.directory, `step-${step}`));
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.directory);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }

  /** Removes all but the newest `keep` checkpoints, and what killed processes left half written. */
  async prune(keep: number): Promise<void> {
    const old = (await this.folders()).slice(keep);
    const leftovers = (await this.names())
      .filter((name) => name.startsWith(temporaryPrefix))
      .map((name) => join(this.directory, name));
    await Promise.all([...old, ...leftovers].map((path) => rm(path, { recursive: true, force: true })));
  }
}

async function readCheckpoint(path: string): Promise<Checkpoint> {
  const state = JSON.parse(await readFile(join(path, 'state.json'), 'utf8')) as CheckpointState;
  if (state.format !== checkpointFormat) {
    throw new RunFolderError(
      `${path} has checkpoint format ${state.format}; this version reads ${checkpointFormat}. Resume with the version that wrote it`,
    );
  }
  const [parameters, moments, best] = await Promise.all([
    readParameters(join(path, 'parameters.safetensors')),
    readMoments(join(path, 'moments.safetensors')),
    state.selection?.bestMetrics === undefined ? undefined : readParameters(join(path, 'best.safetensors')),
  ]);
  const source = state.source === undefined ? undefined : await readSource(path, state.source);
  return { path, state, training: { parameters, moments, updates: state.updates }, best, source };
}

async function readSource(path: string, values: SourceState['values']): Promise<SourceState> {
  const file = join(path, sourceFile);
  const hasTensors = await access(file).then(
    () => true,
    () => false,
  );
  return hasTensors ? { values, tensors: (await readSafetensors(file)).tensors } : { values };
}

async function readParameters(file: string): Promise<Map<string, HostTensor<'float32'>>> {
  return (await readSafetensors(file)).tensors as Map<string, HostTensor<'float32'>>;
}

async function readMoments(file: string): Promise<TrainingState['moments']> {
  const { tensors } = await readSafetensors(file);
  const moments = new Map<string, Moments>();
  for (const [key, { data }] of tensors) {
    if (!key.endsWith('.exp_avg')) continue;
    const name = key.slice(0, -'.exp_avg'.length);
    const second = tensors.get(`${name}.exp_avg_sq`);
    if (second === undefined) throw new Error(`the second moment of ${name} is missing`);
    const updates = tensors.get(`${name}.step`);
    moments.set(name, {
      m: data as Float32Array,
      v: second.data as Float32Array,
      ...(updates === undefined ? {} : { updates: Number(updates.data[0]) }),
    });
  }
  return moments;
}

/** Names as in PyTorch's optimizer state. */
function* momentTensors({ parameters, moments }: TrainingState): Generator<readonly [string, HostTensor]> {
  for (const [name, { m, v, updates }] of moments) {
    const dims = parameters.get(name)?.dims ?? [m.length];
    yield [`${name}.exp_avg`, { dtype: 'float32', dims, data: m }];
    yield [`${name}.exp_avg_sq`, { dtype: 'float32', dims, data: v }];
    if (updates !== undefined)
      yield [`${name}.step`, { dtype: 'int64', dims: [], data: BigInt64Array.of(BigInt(updates)) }];
  }
}
