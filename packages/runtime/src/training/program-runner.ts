import { type KernelMemory, randomState } from '@zooid/optim';
import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import { fromOrtTensor, fromResults, InferenceSession, Tensor, toFeeds } from '../ort.js';
import type { TrainingProgram } from '../training-program.js';
import { type GradientEntry, type GradientStore, toRows } from './gradient-store.js';
import type { ParameterStore } from './parameter-store.js';
import { openProgram } from './program-session.js';
import type { Scratch } from './scratch.js';
import { bindInputs, product, resolveShape } from './symbols.js';
import { isExpectedThrow, sequenceOutput } from './uncopied-outputs.js';

/** What the programs of one worker share. */
export interface RunnerContext {
  readonly parameters: ParameterStore;
  readonly gradients: GradientStore;
  readonly scratch: Scratch;
  readonly threads: number;
  readonly seed: number;
  /** Whether `withSequenceOutput` works here. */
  readonly skipCopies: boolean;
}

export interface BackwardRequest {
  readonly feeds: TensorMap;
  readonly scalars?: Readonly<Record<string, number>> | undefined;
  readonly step: number;
  /** Position in the step; enters the random seed. */
  readonly microBatch: number;
  /** Factor on this batch's gradients. */
  readonly weight: number;
  readonly fetch: readonly string[];
}

export interface BackwardResult {
  readonly loss: number;
  readonly outputs: TensorMap;
}

interface DenseFetch {
  readonly output: string;
  readonly entry: GradientEntry;
}

interface RowsFetch {
  readonly indices: string;
  readonly entry: GradientEntry;
}

/** An output with gathered-row gradients; several tables may share it, as the sum of embeddings does. */
interface RowsOutput {
  readonly output: string;
  readonly width: number;
  readonly rank: number;
  readonly tables: readonly RowsFetch[];
}

/** One program: its session, and the way from a batch to gradients in the store. */
export class ProgramRunner {
  private readonly dense: readonly DenseFetch[];
  private readonly rows: readonly RowsOutput[];
  private readonly parameterFeeds: Readonly<Record<string, Tensor>>;
  private ones = new Float32Array(0);

  private constructor(
    readonly program: TrainingProgram,
    private readonly session: InferenceSession,
    private readonly skipsCopies: boolean,
    private readonly context: RunnerContext,
  ) {
    const sources = program.gradients.flatMap((source) => {
      const entry = context.gradients.get(source.parameter);
      return entry === undefined ? [] : [{ source, entry }];
    });
    this.dense = sources.flatMap(({ source: { dense }, entry }) => (dense ? [{ output: dense, entry }] : []));
    const rows = sources.flatMap(({ source, entry }) => (source.rows ?? []).map((part) => ({ ...part, entry })));
    this.rows = [...new Set(rows.map(({ values }) => values))].map((output) => {
      const tables = rows.filter(({ values }) => values === output);
      const [, ...inner] = tables[0]!.entry.parameter.shape;
      const metadata = session.outputMetadata.find(({ name }) => name === output);
      const rank = metadata?.isTensor ? metadata.shape.length : 0;
      return { output, width: product(inner), rank, tables };
    });
    this.parameterFeeds = Object.fromEntries(
      program.parameters.map((name) => [name, context.parameters.get(name)!.tensor]),
    );
  }

  /** @throws SessionError when the model cannot be loaded or does not fit the program. */
  static async create(program: TrainingProgram, context: RunnerContext): Promise<ProgramRunner> {
    const { session, skipsCopies } = await openProgram(program, context.parameters, context);
    return new ProgramRunner(program, session, skipsCopies, context);
  }

  /** Runs forward and backward and adds the gradients, times `weight`, to the store. */
  async backward(request: BackwardRequest): Promise<BackwardResult> {
    const { loss: lossName } = this.program;
    const { feeds, weight, fetch } = request;
    if (lossName === undefined) throw this.error('it computes no loss and cannot train');
    const bindings = bindInputs(this.program, feeds);
    const rowCounts = this.rows.map(({ tables }) => product(feeds[tables[0]!.indices]?.dims ?? [0]));
    const randomShapes = this.program.randoms.map(({ name, shape }) => resolveShape(shape, bindings, `'${name}'`));
    const memory = this.context.scratch.begin([
      ...randomShapes.map(product),
      ...this.rows.map(({ width }, i) => rowCounts[i]! * width),
    ]);

    const inputs = { ...this.parameterFeeds, ...toFeeds(feeds), ...this.scalarFeeds(feeds, request.scalars) };
    this.program.randoms.forEach(({ name, rate }, i) => {
      const shape = randomShapes[i]!;
      const count = product(shape);
      const offset = memory.allocate(count);
      memory.kernels.dropoutMask(
        offset,
        count,
        rate,
        randomState(this.context.seed, request.step, request.microBatch, i),
      );
      inputs[name] = new Tensor('float32', memory.view(offset, count), shape);
    });

    // A run that does not write the loss must not look like a good one.
    const loss = new Float32Array([Number.NaN]);
    const fetches: Record<string, Tensor | null> = { [lossName]: new Tensor('float32', loss, this.lossDims(lossName)) };
    for (const { output, entry } of this.dense) {
      fetches[output] = new Tensor('float32', entry.denseTarget(), entry.parameter.shape);
    }
    const rowOffsets = this.rows.map((rows, i) => {
      const offset = memory.allocate(rowCounts[i]! * rows.width);
      fetches[rows.output] = this.rowsTensor(rows, feeds, memory, offset, rowCounts[i]!);
      return offset;
    });
    const outputs = await this.run(inputs, fetches, fetch);

    for (const { entry } of this.dense) entry.acceptDense(weight);
    this.rows.forEach(({ width, tables }, i) => {
      const count = rowCounts[i]! * width;
      if (weight !== 1) memory.kernels.scale(rowOffsets[i]!, count, weight);
      for (const { indices, entry } of tables) {
        const rows = toRows(feeds[indices]!.data as BigInt64Array, entry.parameter.shape[0] ?? 0);
        entry.acceptRows(rows, memory.view(rowOffsets[i]!, count));
      }
    });
    return { loss: loss[0]!, outputs };
  }

  /** Runs without gradients; random inputs keep everything. */
  async forward(feeds: TensorMap, fetch: readonly string[]): Promise<TensorMap> {
    const bindings = bindInputs(this.program, feeds);
    const inputs = { ...this.parameterFeeds, ...toFeeds(feeds), ...this.scalarFeeds(feeds, undefined) };
    for (const { name, shape } of this.program.randoms) {
      const dims = resolveShape(shape, bindings, `'${name}'`);
      const count = product(dims);
      if (count > this.ones.length) this.ones = new Float32Array(count).fill(1);
      inputs[name] = new Tensor('float32', this.ones.subarray(0, count), dims);
    }
    this.checkFetch(fetch);
    return fromResults(await this.guarded(() => this.session.run(inputs, fetch)));
  }

  release(): Promise<void> {
    return this.session.release();
  }

  private async run(
    inputs: Record<string, Tensor>,
    fetches: Record<string, Tensor | null>,
    fetch: readonly string[],
  ): Promise<TensorMap> {
    if (this.skipsCopies && fetch.length === 0) {
      await this.guarded(async () => {
        try {
          await this.session.run(inputs, { ...fetches, [sequenceOutput]: null });
        } catch (error) {
          if (!isExpectedThrow(error)) throw error;
        }
      });
      return {};
    }
    this.checkFetch(fetch);
    const wanted = Object.fromEntries(fetch.map((name) => [name, fetches[name] ?? null]));
    const results = await this.guarded(() => this.session.run(inputs, { ...fetches, ...wanted }));
    return Object.fromEntries(fetch.map((name) => [name, fromOrtTensor(results[name] as Tensor)]));
  }

  private async guarded<T>(run: () => Promise<T>): Promise<T> {
    try {
      return await run();
    } catch (cause) {
      throw this.error((cause as Error).message, cause);
    }
  }

  private checkFetch(fetch: readonly string[]): void {
    const unknown = fetch.find((name) => name === sequenceOutput || !this.session.outputNames.includes(name));
    if (unknown !== undefined) {
      throw this.error(
        `it has no output '${unknown}'; it has ${this.program.outputs.map((name) => `'${name}'`).join(', ')}`,
      );
    }
  }

  private scalarFeeds(feeds: TensorMap, scalars: Readonly<Record<string, number>> | undefined): Record<string, Tensor> {
    const given = this.program.scalars.filter((name) => feeds[name] === undefined);
    return Object.fromEntries(
      given.map((name) => {
        const value = scalars?.[name];
        if (value === undefined) throw this.error(`scalar '${name}' was given no value`);
        return [name, new Tensor('float32', Float32Array.of(value), [])];
      }),
    );
  }

  private rowsTensor(
    { width, rank, tables }: RowsOutput,
    feeds: TensorMap,
    memory: KernelMemory,
    offset: number,
    rows: number,
  ): Tensor {
    const indices = feeds[tables[0]!.indices];
    if (indices?.dtype !== 'int64') throw this.error(`the row indices '${tables[0]!.indices}' must be an int64 input`);
    // Graphs may keep the batch axes or merge them.
    const dims = rank === indices.dims.length + 1 ? [...indices.dims, width] : [rows, width];
    return new Tensor('float32', memory.view(offset, rows * width), dims);
  }

  private lossDims(name: string): number[] {
    const metadata = this.session.outputMetadata.find((output) => output.name === name);
    return metadata?.isTensor ? metadata.shape.map(() => 1) : [];
  }

  private error(message: string, cause?: unknown): SessionError {
    return new SessionError(`Program '${this.program.name}': ${message}`, { cause, program: this.program.name });
  }
}
