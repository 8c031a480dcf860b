import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import { fromResults, Tensor } from '../ort.js';
import type { TrainingProgram } from '../training-program.js';
import { Frame } from './frame.js';
import { type GradientEntry, type GradientStore, toRows } from './gradient-store.js';
import type { OpenPrograms } from './open-programs.js';
import type { ParameterStore } from './parameter-store.js';
import { type OpenRun, ProgramSession } from './program-session.js';
import type { Scratch, SpareGradients } from './scratch.js';
import { product } from './symbols.js';
import { isExpectedThrow, sequenceOutput } from './uncopied-outputs.js';

/** What the programs of one worker share. */
export interface RunnerContext {
  readonly parameters: ParameterStore;
  readonly gradients: GradientStore;
  readonly scratch: Scratch;
  readonly spare: SpareGradients;
  readonly openPrograms: OpenPrograms;
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

interface RowsTable {
  readonly indices: string;
  readonly entry: GradientEntry;
}

/** An output with gathered-row gradients; several tables may share it, as the sum of embeddings does. */
interface RowsOutput {
  readonly width: number;
  readonly tables: readonly RowsTable[];
}

/** One program: its runs, and the way from a batch to gradients in the store. */
export class ProgramRunner {
  private readonly dense: ReadonlyMap<string, GradientEntry>;
  private readonly rows: ReadonlyMap<string, RowsOutput>;
  private readonly parameters: Readonly<Record<string, Tensor>>;

  private constructor(
    readonly program: TrainingProgram,
    private readonly session: ProgramSession,
    private readonly context: RunnerContext,
  ) {
    const sources = program.gradients.flatMap((source) => {
      const entry = context.gradients.get(source.parameter);
      return entry === undefined ? [] : [{ source, entry }];
    });
    this.dense = new Map(sources.flatMap(({ source: { dense }, entry }) => (dense ? [[dense, entry]] : [])));
    const rows = sources.flatMap(({ source, entry }) => (source.rows ?? []).map((part) => ({ ...part, entry })));
    this.rows = new Map(
      rows.map(({ values }) => {
        const tables = rows.filter((part) => part.values === values);
        return [values, { width: product(tables[0]!.entry.parameter.shape.slice(1)), tables }];
      }),
    );
    this.parameters = Object.fromEntries(
      program.parameters.map((name) => [name, context.parameters.get(name)!.tensor]),
    );
  }

  /** @throws SessionError when the program's models cannot be loaded or do not fit it. */
  static async create(program: TrainingProgram, context: RunnerContext): Promise<ProgramRunner> {
    const session = new ProgramSession(program, context);
    await context.openPrograms.use(session, async () => {});
    return new ProgramRunner(program, session, context);
  }

  /** Runs forward and backward and adds the gradients, times `weight`, to the store. */
  async backward(request: BackwardRequest): Promise<BackwardResult> {
    const { loss: lossName } = this.program;
    const { feeds, scalars, weight, fetch } = request;
    if (lossName === undefined) throw this.error('it computes no loss and cannot train');
    this.checkFetch(fetch);
    return this.context.openPrograms.use(this.session, async (runs) => {
      const rowCounts = new Map(
        Array.from(this.rows, ([name, { width, tables }]) => [
          name,
          width * product(feeds[tables[0]!.indices]?.dims ?? [0]),
        ]),
      );
      const { seed, scratch, spare } = this.context;
      const frame = new Frame(
        {
          program: this.program,
          feeds,
          inputs: this.inputs(feeds, scalars),
          masks: { seed, step: request.step, microBatch: request.microBatch },
          extra: [...rowCounts.values()],
          scratch,
        },
        runs,
      );
      // A run that does not write the loss must not look like a good one.
      const loss = new Float32Array([Number.NaN]);
      const outputs: Record<string, TensorMap[string]> = {};
      for (const run of runs) {
        spare.begin(this.spareCount(run));
        const rows: (readonly [output: RowsOutput, offset: number, count: number])[] = [];
        const dense: GradientEntry[] = [];
        const fetches = this.targets(run, fetch, (target, output) => {
          const entry = this.dense.get(target);
          if (entry !== undefined) {
            dense.push(entry);
            return new Tensor('float32', entry.denseTarget(spare), entry.parameter.shape);
          }
          const table = this.rows.get(target);
          if (table !== undefined) {
            const count = rowCounts.get(target)!;
            const offset = frame.allocate(count);
            rows.push([table, offset, count]);
            return frame.tensor(offset, this.rowDims(table, feeds, run.ranks.get(output)!));
          }
          if (target === lossName) return new Tensor('float32', loss, Array(run.ranks.get(output)!).fill(1));
          return frame.slot(target);
        });
        Object.assign(outputs, await this.run(run, frame.inputsOf(run), fetches, fetch));
        for (const entry of dense) entry.acceptDense(weight);
        for (const [table, offset, count] of rows) this.acceptRows(table, frame, offset, count, request);
      }
      return { loss: loss[0]!, outputs };
    });
  }

  /** Runs without gradients, as far as it takes to make the outputs; random inputs keep everything. */
  async forward(feeds: TensorMap, fetch: readonly string[]): Promise<TensorMap> {
    this.checkFetch(fetch);
    return this.context.openPrograms.use(this.session, async (runs) => {
      const { scratch } = this.context;
      const frame = new Frame(
        { program: this.program, feeds, inputs: this.inputs(feeds, undefined), masks: 'keep', scratch },
        runs,
      );
      const outputs: Record<string, TensorMap[string]> = {};
      for (const run of runs) {
        const fetches = this.targets(run, fetch, (target) => frame.slot(target));
        Object.assign(outputs, await this.run({ ...run, skipsCopies: false }, frame.inputsOf(run), fetches, fetch));
        if (fetch.every((name) => name in outputs)) break;
      }
      return outputs;
    });
  }

  /** By graph output: the tensor that a run shall write, or `null` to have it returned. */
  private targets(
    { outputs }: OpenRun,
    fetch: readonly string[],
    tensorOf: (target: string, output: string) => Tensor | undefined,
  ): Record<string, Tensor | null> {
    return Object.fromEntries(
      outputs.flatMap(([output, target]) => {
        const tensor = tensorOf(target, output);
        return tensor !== undefined || fetch.includes(target) ? [[output, tensor ?? null]] : [];
      }),
    );
  }

  private async run(
    run: OpenRun,
    inputs: Record<string, Tensor>,
    fetches: Record<string, Tensor | null>,
    fetch: readonly string[],
  ): Promise<TensorMap> {
    const wanted = run.outputs.filter(([, target]) => fetch.includes(target));
    try {
      if (!run.skipsCopies || wanted.length > 0) {
        const results = await run.session.run(inputs, fetches);
        return fromResults(Object.fromEntries(wanted.map(([output, target]) => [target, results[output]])));
      }
      await run.session.run(inputs, { ...fetches, [sequenceOutput]: null });
    } catch (error) {
      if (!run.skipsCopies || !isExpectedThrow(error)) throw this.error((error as Error).message, error);
    }
    return {};
  }

  private acceptRows(
    { width, tables }: RowsOutput,
    frame: Frame,
    offset: number,
    count: number,
    { feeds, weight }: BackwardRequest,
  ): void {
    if (weight !== 1) frame.scale(offset, count, weight);
    for (const { indices, entry } of tables) {
      const rows = toRows(feeds[indices]!.data as BigInt64Array, entry.parameter.shape[0] ?? 0);
      entry.acceptRows(rows, frame.view(offset, rows.length * width));
    }
  }

  /** Graphs may keep the batch axes or merge them. */
  private rowDims({ width, tables }: RowsOutput, feeds: TensorMap, rank: number): number[] {
    const { indices } = tables[0]!;
    const tensor = feeds[indices];
    if (tensor?.dtype !== 'int64') throw this.error(`the row indices '${indices}' must be an int64 input`);
    return rank === tensor.dims.length + 1 ? [...tensor.dims, width] : [product(tensor.dims), width];
  }

  /** Elements of the run's gradients that come on top of others. */
  private spareCount({ outputs }: OpenRun): number {
    return outputs.reduce((sum, [, target]) => {
      const entry = this.dense.get(target);
      return entry?.written === true ? sum + entry.parameter.size : sum;
    }, 0);
  }

  private inputs(
    feeds: TensorMap,
    scalars: Readonly<Record<string, number>> | undefined,
  ): Readonly<Record<string, Tensor>> {
    const given = this.program.scalars.filter((name) => feeds[name] === undefined);
    const tensors = given.map((name) => {
      const value = scalars?.[name];
      if (value === undefined) throw this.error(`scalar '${name}' was given no value`);
      return [name, new Tensor('float32', Float32Array.of(value), [])] as const;
    });
    return { ...this.parameters, ...Object.fromEntries(tensors) };
  }

  private checkFetch(fetch: readonly string[]): void {
    const { program } = this;
    const known = new Set([program.loss, ...program.outputs, ...this.dense.keys(), ...this.rows.keys()]);
    const unknown = fetch.find((name) => !known.has(name));
    if (unknown !== undefined) {
      throw this.error(
        `it has no output '${unknown}'; it has ${program.outputs.map((name) => `'${name}'`).join(', ')}`,
      );
    }
  }

  private error(message: string, cause?: unknown): SessionError {
    return new SessionError(`Program '${this.program.name}': ${message}`, { cause, program: this.program.name });
  }
}
