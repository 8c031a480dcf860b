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
  /** Serialised ONNX model; parameters, batch inputs, randoms and scalars are graph inputs. */
  readonly model: Uint8Array;
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

export interface TrainingSessionOptions {
  readonly parameters: readonly ParameterDeclaration[];
  readonly programs: readonly TrainingProgram[];
  readonly optimizer: OptimizerOptions;
  /** Threads inside one run; default: the machine's cores. More than cores is several times slower. */
  readonly threads?: number;
  /** Seeds the random inputs together with the step number. */
  readonly seed: number;
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
