import type { Metrics } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import type { Model, RunContext } from './model.js';

/** The forms that a model folder has. */
export interface FoundVariants {
  /**
   * The one that the others are made from and compared with: the plain graph, or else its float16 storage, which small
   * models are shipped as. Absent when there is neither.
   */
  readonly source?: string;
  /** In the order of the backend's `variants`. */
  readonly present: readonly string[];
}

/** What `exportVariants` and `compareVariants` are asked for. */
export interface VariantRequest extends RunContext {
  readonly variants: readonly string[];
  /**
   * Inputs of forward passes to compare on where there is no evaluation; when there are none either, the backend draws
   * random ones that fit the graph.
   */
  readonly samples: readonly TensorMap[];
  /** Labelled data to compare on: what an app makes of each form counts then. */
  readonly evaluation?: VariantEvaluation;
  readonly tolerance?: VariantTolerance;
  readonly onProgress?: (event: { readonly variant: string; readonly step: string }) => void;
}

/** Labelled data, and the app that answers and scores it. */
export interface VariantEvaluation {
  /** For people: `clinc150:dev`, a file. */
  readonly data: string;
  readonly examples: number;
  /** The metric that decides; default: the first one that `score` gives. Lower is better if it ends in loss or perplexity. */
  readonly metric?: string;
  /** Has the app answer all examples on this model. Every call feeds the same. */
  score(model: Model, context?: RunContext): Promise<Metrics>;
}

/** What a form may lose against its source. */
export interface VariantTolerance {
  /** Points (hundredths) of the evaluation's metric. Default: 0.5. */
  readonly points?: number;
  /** Share of decisions that may change, from 0 to 1; one always may. Default: 0.02. */
  readonly changed?: number;
  /**
   * Largest difference of an output as a share of its largest element. Default: the backend's own for each variant; where
   * an evaluation decides, only for forms that should differ by rounding alone.
   */
  readonly difference?: number;
}

/** How one form of a graph compares with its source, which runs without any optimisation. */
export interface VariantReport {
  readonly variant: string;
  /** Relative to the folder: `onnx/model_quantized.onnx`. */
  readonly file: string;
  readonly sizeBytes: number;
  /** Whether it loses no more than is tolerated; else `refusal` says what, and an export has not written the file. */
  readonly accepted: boolean;
  readonly refusal?: string;
  /** Largest absolute difference of any output element. */
  readonly maxDifference: number;
  /** The same as a share of the largest element of that output (at least 1). */
  readonly relativeDifference: number;
  /** Largest change of a probability: of outputs that hold scores, by their names. */
  readonly maxProbabilityDifference: number;
  /** Highest scores along the last axis of the outputs that hold logits or probabilities, and how many of them moved. */
  readonly decisions: number;
  readonly changedDecisions: number;
  /** Initializers that keep float32 in a quantized form though their kind is usually quantized. */
  readonly keptFloat: readonly string[];
  /** What the comparison was on. */
  readonly comparedOn: 'evaluation' | 'samples' | 'random';
  /** Where labelled data was given. */
  readonly evaluation?: {
    readonly data: string;
    readonly examples: number;
    readonly metric: string;
    readonly value: number;
    /** The source's value of the metric. */
    readonly reference: number;
    /** Points (hundredths) that are lost; negative where it is better. */
    readonly lostPoints: number;
  };
}
