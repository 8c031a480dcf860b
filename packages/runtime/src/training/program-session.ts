import { SessionError } from '../errors.js';
import { InferenceSession, sessionOptions } from '../ort.js';
import type { TrainingProgram } from '../training-program.js';
import type { ParameterStore } from './parameter-store.js';
import { withSequenceOutput } from './uncopied-outputs.js';

export interface ProgramSession {
  readonly session: InferenceSession;
  /** Whether the model begins with the sequence output of `withSequenceOutput`. */
  readonly skipsCopies: boolean;
}

/**
 * Loads a program's model and checks it against the program.
 *
 * @throws SessionError when the model cannot be loaded, or model, program and parameters do not fit together.
 */
export async function openProgram(
  program: TrainingProgram,
  parameters: ParameterStore,
  options: { readonly threads: number; readonly skipCopies: boolean },
): Promise<ProgramSession> {
  const fail = (message: string, cause?: unknown): SessionError =>
    new SessionError(`Program '${program.name}': ${message}`, { cause, program: program.name });
  const problem = misfit(program, parameters);
  if (problem !== undefined) throw fail(problem);

  const skipsCopies = options.skipCopies && program.loss !== undefined && program.gradients.length > 0;
  const model = skipsCopies ? withSequenceOutput(program.model, program.loss!) : program.model;
  let session: InferenceSession;
  try {
    session = await InferenceSession.create(model, sessionOptions(options.threads));
  } catch (cause) {
    throw fail(`the model could not be loaded: ${(cause as Error).message}`, cause);
  }
  const difference = modelMisfit(program, session);
  if (difference !== undefined) {
    await session.release();
    throw fail(difference);
  }
  return { session, skipsCopies };
}

function misfit({ parameters, gradients }: TrainingProgram, store: ParameterStore): string | undefined {
  const sources = gradients.map(({ parameter }) => parameter);
  const unknown = [...parameters, ...sources].find((name) => store.get(name) === undefined);
  if (unknown !== undefined) return `parameter '${unknown}' is not declared`;
  const repeated = sources.find((name, i) => sources.indexOf(name) < i);
  if (repeated !== undefined) return `parameter '${repeated}' has two gradient sources; merge them into one`;
  return undefined;
}

function modelMisfit(program: TrainingProgram, session: InferenceSession): string | undefined {
  const inputs = [
    ...program.parameters,
    ...program.scalars,
    ...program.inputs.map(({ name }) => name),
    ...program.randoms.map(({ name }) => name),
  ];
  const lacking = missing(inputs, session.inputNames);
  if (lacking.length > 0) return `the model lacks the inputs ${lacking}`;
  const undeclared = missing(session.inputNames, inputs);
  if (undeclared.length > 0) return `the model has inputs that the program does not declare: ${undeclared}`;
  const absent = missing([...program.outputs, ...trainingOutputs(program)], session.outputNames);
  return absent.length > 0 ? `the model lacks the outputs ${absent}` : undefined;
}

/** The loss and everything gradients come from. */
function trainingOutputs({ loss, gradients }: TrainingProgram): string[] {
  const sources = gradients.flatMap(({ dense, rows = [] }) => [dense, ...rows.map(({ values }) => values)]);
  return [loss, ...sources].filter((name) => name !== undefined);
}

function missing(names: readonly string[], from: readonly string[]): string[] {
  const present = new Set(from);
  return names.filter((name) => !present.has(name));
}
