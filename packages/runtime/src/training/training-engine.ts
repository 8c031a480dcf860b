import { adamwCoefficients, type KernelChoice, type OptimizerOptions, resolveOptimizer } from '@zooid/optim';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import type { StepRequest, StepResult, TrainingProgram, TrainingState } from '../training-program.js';
import { GradientStore } from './gradient-store.js';
import { OpenPrograms } from './open-programs.js';
import { type ParameterShape, ParameterStore } from './parameter-store.js';
import { ProgramRunner, type RunnerContext } from './program-runner.js';
import { Scratch, SpareGradients } from './scratch.js';
import { canSkipCopies } from './uncopied-outputs.js';

export interface EngineOptions {
  readonly parameters: readonly ParameterShape[];
  readonly optimizer: OptimizerOptions;
  readonly threads: number;
  readonly seed: number;
  readonly idleProgramBytes: number;
  /** For tests: the plain kernels, and plain fetches. */
  readonly kernels?: KernelChoice;
  readonly skipCopies?: boolean;
}

/**
 * The training step on one thread: programs, parameters, gradients and AdamW. Calls must not overlap; the worker
 * sees to that.
 *
 * A step is a function of the parameters, the moments and the request: nothing else that ran before has influence.
 */
export class TrainingEngine {
  private readonly optimizer: Required<OptimizerOptions>;
  private readonly parameters: ParameterStore;
  private readonly gradientStore: GradientStore;
  private readonly runners = new Map<string, ProgramRunner>();

  private constructor(
    private readonly context: RunnerContext,
    optimizer: OptimizerOptions,
  ) {
    this.optimizer = resolveOptimizer(optimizer);
    this.parameters = context.parameters;
    this.gradientStore = context.gradients;
  }

  static async create(options: EngineOptions): Promise<TrainingEngine> {
    const { threads, seed, kernels } = options;
    const parameters = new ParameterStore(options.parameters, kernels);
    const gradients = new GradientStore(parameters);
    const skipCopies = (options.skipCopies ?? true) && (await canSkipCopies());
    const context = {
      parameters,
      gradients,
      scratch: new Scratch(kernels),
      spare: new SpareGradients(),
      openPrograms: new OpenPrograms(options.idleProgramBytes),
      threads,
      seed,
      skipCopies,
    };
    return new TrainingEngine(context, options.optimizer);
  }

  loadParameter(name: string, data: Float32Array): void {
    this.parameters.load(name, data);
  }

  async addProgram(program: TrainingProgram): Promise<void> {
    if (this.runners.has(program.name)) {
      throw new SessionError(`Program '${program.name}' exists already; names must be unique`, {
        program: program.name,
      });
    }
    this.runners.set(program.name, await ProgramRunner.create(program, this.context));
  }

  async step(request: StepRequest): Promise<StepResult> {
    this.checkGroups(request.learningRates);
    const weights = normalise(request.microBatches.map(({ weight }) => weight));
    const runners = request.microBatches.map(({ program }) => this.runner(program));
    this.gradientStore.beginStep();
    const outputs: TensorMap[] = [];
    let loss = 0;
    for (const [microBatch, { feeds }] of request.microBatches.entries()) {
      const { step, scalars, fetch = [] } = request;
      const weight = weights[microBatch]!;
      const result = await runners[microBatch]!.backward({ feeds, scalars, step, microBatch, weight, fetch });
      loss += weight * result.loss;
      outputs.push(result.outputs);
    }
    const gradientNorm = this.gradientStore.norm();
    const updated = Number.isFinite(loss) && Number.isFinite(gradientNorm);
    if (updated) this.update(request, gradientNorm);
    return { loss, gradientNorm, updated, outputs };
  }

  async evaluate(program: string, feeds: TensorMap, fetch: readonly string[]): Promise<TensorMap> {
    return this.runner(program).forward(feeds, fetch);
  }

  async gradients(
    program: string,
    feeds: TensorMap,
    step: number,
  ): Promise<{ loss: number; gradients: Map<string, HostTensor<'float32'>> }> {
    const runner = this.runner(program);
    this.gradientStore.beginStep();
    const { loss } = await runner.backward({ feeds, step, microBatch: 0, weight: 1, fetch: [] });
    const gradients = new Map<string, HostTensor<'float32'>>();
    for (const { parameter, values } of this.gradientStore.written()) {
      gradients.set(parameter.name, { dtype: 'float32', dims: parameter.shape, data: values.slice() });
    }
    return { loss, gradients };
  }

  exportState(moments: boolean): TrainingState {
    return this.parameters.export(moments);
  }

  importState(state: TrainingState): void {
    this.parameters.import(state);
  }

  async release(): Promise<void> {
    await this.context.openPrograms.close();
    this.runners.clear();
  }

  private update({ learningRates, clipNorm }: StepRequest, gradientNorm: number): void {
    const gradientScale = clipNorm !== undefined && gradientNorm > clipNorm ? clipNorm / gradientNorm : 1;
    for (const entry of this.gradientStore.written()) {
      const { parameter } = entry;
      const learningRate = learningRates[parameter.group!];
      if (learningRate === undefined) continue;
      const { decays } = parameter;
      const update = ++parameter.updates;
      entry.update(adamwCoefficients(this.optimizer, { learningRate, update, gradientScale, decays }));
    }
    this.parameters.updates++;
  }

  private runner(name: string): ProgramRunner {
    const runner = this.runners.get(name);
    if (runner !== undefined) return runner;
    const known = [...this.runners.keys()].map((key) => `'${key}'`).join(', ');
    throw new SessionError(`Unknown program '${name}'; registered are ${known || 'none'}`, { program: name });
  }

  private checkGroups(learningRates: Readonly<Record<string, number>>): void {
    for (const [group, rate] of Object.entries(learningRates)) {
      if (!this.parameters.hasGroup(group)) throw new SessionError(`No parameter belongs to the group '${group}'`);
      if (!Number.isFinite(rate)) throw new SessionError(`Expected a finite learning rate for '${group}', got ${rate}`);
    }
  }
}

/** Weights scaled to sum to 1. */
function normalise(weights: readonly number[]): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.some((weight) => !(weight >= 0)) || !(total > 0) || !Number.isFinite(total)) {
    throw new SessionError(`Expected micro-batches with weights of 0 or more that sum above 0, got [${weights}]`);
  }
  return weights.map((weight) => weight / total);
}
