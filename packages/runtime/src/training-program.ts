import type { OptimizerOptions } from '@zooid/optim';
import type { DType, HostTensor, Shape, TensorMap } from '@zooid/tensor';

/** A trainable (or frozen) array. Names are the checkpoint's, which are Hugging Face's. */
export interface ParameterDeclaration {
  readonly name: string;
  readonly shape: readonly number[];
  /** Initial values, row-major; copied. */
  readonly data: Float32Array;
  /** Optimizer group; `undefined` means frozen: no gradient buffer, no optimizer state, not in the clip norm. */
  readonly group?: string;
}

/** A graph input that the runtime fills from a seeded generator before every step, so that a step can be replayed. */
export interface RandomInput {
  readonly name: string;
  /** Symbolic dimensions are bound by the feeds of the same run. */
  readonly shape: Shape;
  /** Inverted dropout: 0 with probability `rate`, `1 / (1 - rate)` otherwise; float32. */
  readonly kind: 'dropout';
  readonly rate: number;
}

/**
 * Where one parameter's gradient comes from. A parameter may have a dense part, any number of row parts, or both
 * (an embedding tied to an output projection); they add up.
 */
export interface GradientSource {
  readonly parameter: string;
  /** Graph output holding the whole gradient, shaped like the parameter. */
  readonly dense?: string;
  /** Rows gathered by a batch input: output `values` `[..., width]` is added to rows `indices` (an int64 input) on the host. */
  readonly rows?: readonly { readonly indices: string; readonly values: string }[];
}

/**
 * One forward–backward graph over the shared parameter store. A method may register several (length buckets, tasks,
 * replacement patterns) and name one per step.
 */
export interface TrainingProgram {
  readonly name: string;
  /** Serialised ONNX model, whose graph inputs are parameters, batch inputs, randoms and scalars; or several of them. */
  readonly model: Uint8Array | ProgramChain;
  readonly inputs: readonly { readonly name: string; readonly dtype: DType; readonly shape: Shape }[];
  readonly randoms: readonly RandomInput[];
  /** Names of float32 scalar inputs fed per step (schedules: temperature, replacing rate, …). */
  readonly scalars: readonly string[];
  /** Parameters the graph reads. */
  readonly parameters: readonly string[];
  /** Empty for evaluation programs. */
  readonly gradients: readonly GradientSource[];
  /** Scalar output with the mean loss; absent in programs that only compute outputs. */
  readonly loss?: string;
  /** Further outputs that may be fetched. */
  readonly outputs: readonly string[];
}

/**
 * A program cut into runs of smaller graphs. Inner values of a graph live during its runs only, so a program that
 * computes its layers again for the backward pass needs the working memory of one layer.
 */
export interface ProgramChain {
  /** Serialised ONNX models. One may serve several runs: layers differ in their parameters only. */
  readonly models: readonly Uint8Array[];
  /** Float32 arrays that hold what passes from run to run. */
  readonly slots: readonly { readonly name: string; readonly shape: Shape }[];
  /** In order of execution. */
  readonly runs: readonly ProgramRun[];
}

export interface ProgramRun {
  /** Index in `models`. */
  readonly model: number;
  /** What each graph input is fed with: a parameter, batch input, random, scalar or slot. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What each graph output is: a slot, or a name that the program's `loss`, `gradients` or `outputs` use. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface TrainingSessionOptions {
  readonly parameters: readonly ParameterDeclaration[];
  readonly programs: readonly TrainingProgram[];
  readonly optimizer: OptimizerOptions;
  /** Threads inside one run; default: the machine's cores. More than cores is several times slower. */
  readonly threads?: number;
  /** Seeds the random inputs together with the step number. */
  readonly seed: number;
  /**
   * Bytes of working memory that programs besides the running one may keep for their next turn; beyond that, those idle
   * longest give it up and take 30 to 250 ms to start again. Default: a quarter of the machine's memory.
   */
  readonly idleProgramBytes?: number;
}

export interface StepRequest {
  /** One entry per micro-batch; gradients are averaged with the given weights (normalised to sum 1). */
  readonly microBatches: readonly { readonly program: string; readonly feeds: TensorMap; readonly weight: number }[];
  /** 1-based; enters the random seed. The bias correction counts the updates a parameter has had, as in PyTorch. */
  readonly step: number;
  /**
   * Learning rate per optimizer group. A group that is absent is skipped this step, and so is a parameter for which
   * no program of the step computes a gradient: no decay, no change of its moments.
   */
  readonly learningRates: Readonly<Record<string, number>>;
  /** Global-norm clip over all trainable gradients; absent: no clipping. */
  readonly clipNorm?: number;
  readonly scalars?: Readonly<Record<string, number>>;
  /** Extra outputs of each micro-batch to return. */
  readonly fetch?: readonly string[];
}

export interface StepResult {
  /** Weighted mean over the micro-batches. Not finite ⇒ the update was skipped and the parameters are untouched. */
  readonly loss: number;
  /** Before clipping. Not finite ⇒ the update was skipped. */
  readonly gradientNorm: number;
  readonly updated: boolean;
  readonly outputs: readonly TensorMap[];
}

/** Everything needed to continue exactly: parameters and optimizer moments, by name. */
export interface TrainingState {
  readonly parameters: ReadonlyMap<string, HostTensor<'float32'>>;
  /**
   * First and second moments per trainable parameter, and how often it was updated: this enters the bias correction
   * and differs between parameters when groups or programs skip some. Absent: `updates` of the whole state.
   */
  readonly moments: ReadonlyMap<
    string,
    { readonly m: Float32Array; readonly v: Float32Array; readonly updates?: number }
  >;
  /** Steps that updated anything. */
  readonly updates: number;
}

/** A worker thread that owns onnxruntime, the parameters and the optimizer state. Calls are queued in order. */
export interface TrainingSession extends AsyncDisposable {
  step(request: StepRequest): Promise<StepResult>;
  /** Runs a program without updating; randoms are fed as "keep everything". */
  evaluate(program: string, feeds: TensorMap, fetch: readonly string[]): Promise<TensorMap>;
  /** Gradients of one batch by parameter name, rows scattered; for checks and for methods that need them. */
  gradients(
    program: string,
    feeds: TensorMap,
    step: number,
  ): Promise<{ loss: number; gradients: ReadonlyMap<string, HostTensor<'float32'>> }>;
  addProgram(program: TrainingProgram): Promise<void>;
  /** Copies; `moments: false` leaves the moments empty. */
  exportState(options?: { readonly moments?: boolean }): Promise<TrainingState>;
  importState(state: TrainingState): Promise<void>;
}
