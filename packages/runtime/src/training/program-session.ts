import { SessionError } from '../errors.js';
import { InferenceSession, sessionOptions } from '../ort.js';
import type { ProgramRun, TrainingProgram } from '../training-program.js';
import type { ParameterStore } from './parameter-store.js';
import { sequenceOutput, withSequenceOutput } from './uncopied-outputs.js';

/** A run with the session it runs on; runs of one model share it. */
export interface OpenRun {
  readonly session: InferenceSession;
  /** Graph input and what it is fed with. */
  readonly inputs: readonly (readonly [input: string, source: string])[];
  /** Graph output and what it is. */
  readonly outputs: readonly (readonly [output: string, target: string])[];
  /** Axes of each graph output. */
  readonly ranks: ReadonlyMap<string, number>;
  /** Whether the model begins with the sequence output of `withSequenceOutput`. */
  readonly skipsCopies: boolean;
}

export interface ProgramSessionOptions {
  readonly parameters: ParameterStore;
  readonly threads: number;
  /** Whether `withSequenceOutput` works here. */
  readonly skipCopies: boolean;
}

/** A program's sessions, which hold working memory while open and can be opened again. */
export class ProgramSession {
  private runs: readonly OpenRun[] | undefined;

  constructor(
    readonly program: TrainingProgram,
    private readonly options: ProgramSessionOptions,
  ) {}

  /**
   * Loads the models and checks them against the program; at once where that is done already.
   *
   * @throws SessionError when a model cannot be loaded, or models, program and parameters do not fit together.
   */
  async open(): Promise<readonly OpenRun[]> {
    this.runs ??= await openRuns(this.program, this.options);
    return this.runs;
  }

  async close(): Promise<void> {
    const sessions = new Set(this.runs?.map(({ session }) => session));
    this.runs = undefined;
    for (const session of sessions) await session.release();
  }
}

async function openRuns(program: TrainingProgram, options: ProgramSessionOptions): Promise<readonly OpenRun[]> {
  const fail = (message: string, cause?: unknown): SessionError =>
    new SessionError(`Program '${program.name}': ${message}`, { cause, program: program.name });
  const problem = misfit(program, options.parameters);
  if (problem !== undefined) throw fail(problem);

  const skipsCopies = options.skipCopies && program.loss !== undefined && program.gradients.length > 0;
  const models = program.model instanceof Uint8Array ? [program.model] : program.model.models;
  const sessions: InferenceSession[] = [];
  try {
    for (const model of models) {
      const loaded = skipsCopies ? withSequenceOutput(model) : model;
      sessions.push(await InferenceSession.create(loaded, sessionOptions(options.threads)));
    }
    const runs = program.model instanceof Uint8Array ? [wholeRun(program, sessions[0]!)] : program.model.runs;
    const difference = chainMisfit(program, runs, sessions);
    if (difference !== undefined) throw fail(difference);
    return runs.map(({ model, inputs, outputs }) => ({
      session: sessions[model]!,
      inputs: Object.entries(inputs),
      outputs: Object.entries(outputs),
      ranks: new Map(
        sessions[model]!.outputMetadata.map((output) => [output.name, output.isTensor ? output.shape.length : 0]),
      ),
      skipsCopies,
    }));
  } catch (cause) {
    for (const session of sessions) await session.release();
    throw cause instanceof SessionError
      ? cause
      : fail(`the model could not be loaded: ${(cause as Error).message}`, cause);
  }
}

/** One model as a chain of one run. */
function wholeRun(program: TrainingProgram, { outputNames }: InferenceSession): ProgramRun {
  const same = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, name]));
  return {
    model: 0,
    inputs: same(inputNames(program)),
    outputs: same(outputNames.filter((name) => name !== sequenceOutput)),
  };
}

function misfit({ parameters, gradients }: TrainingProgram, store: ParameterStore): string | undefined {
  const sources = gradients.map(({ parameter }) => parameter);
  const unknown = [...parameters, ...sources].find((name) => store.get(name) === undefined);
  if (unknown !== undefined) return `parameter '${unknown}' is not declared`;
  const repeated = sources.find((name, i) => sources.indexOf(name) < i);
  if (repeated !== undefined) return `parameter '${repeated}' has two gradient sources; merge them into one`;
  return undefined;
}

function chainMisfit(
  program: TrainingProgram,
  runs: readonly ProgramRun[],
  sessions: readonly InferenceSession[],
): string | undefined {
  const slots = program.model instanceof Uint8Array ? [] : program.model.slots.map(({ name }) => name);
  const known = new Set(inputNames(program));
  const made = new Set<string>();
  for (const { model, inputs, outputs } of runs) {
    const session = sessions[model];
    if (session === undefined) return `a run names model ${model}, of ${sessions.length}`;
    const lacking = missing(Object.keys(inputs), session.inputNames);
    if (lacking.length > 0) return `the model lacks the inputs ${lacking}`;
    const undeclared = missing(session.inputNames, Object.keys(inputs));
    if (undeclared.length > 0) return `the model has inputs that the program does not declare: ${undeclared}`;
    const unfed = missing(Object.values(inputs), known);
    if (unfed.length > 0) return `a run reads ${unfed}, which nothing before it makes`;
    const absent = missing(Object.keys(outputs), session.outputNames);
    if (absent.length > 0) return `the model lacks the outputs ${absent}`;
    for (const target of Object.values(outputs)) {
      made.add(target);
      if (slots.includes(target)) known.add(target);
    }
  }
  const absent = missing([...program.outputs, ...trainingOutputs(program)], made);
  return absent.length > 0 ? `the model lacks the outputs ${absent}` : undefined;
}

function inputNames({ parameters, scalars, inputs, randoms }: TrainingProgram): string[] {
  return [...parameters, ...scalars, ...inputs.map(({ name }) => name), ...randoms.map(({ name }) => name)];
}

/** The loss and everything gradients come from. */
function trainingOutputs({ loss, gradients }: TrainingProgram): string[] {
  const sources = gradients.flatMap(({ dense, rows = [] }) => [dense, ...rows.map(({ values }) => values)]);
  return [loss, ...sources].filter((name) => name !== undefined);
}

function missing(names: readonly string[], from: Iterable<string>): string[] {
  const present = new Set(from);
  return names.filter((name) => !present.has(name));
}
