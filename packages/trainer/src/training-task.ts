import { type Capability, defineCapability } from '@zooid/common';
import type { EncoderFamily, EncoderOutput, ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { Random, TensorMap } from '@zooid/tensor';

/**
 * What makes an app trainable, by any method. The app says how examples become batches, what head and loss it puts
 * on an encoder, and how outputs become answers and metrics; it never learns which method drives it.
 */
export interface TrainingTask {
  /**
   * Checks one raw record and returns the app's example. @throws ValidationError with pointers into the record; the
   * caller adds file and line.
   */
  parse(record: unknown, options: Readonly<Record<string, unknown>>): unknown;
  /** Learns everything that precedes the first step (labels, vocabulary, lexicon) from the training split only. */
  prepare(examples: readonly unknown[], context: PrepareContext): Promise<PreparedTask>;
  /** Opens the task of a trained folder, for evaluation and for continuing from it. */
  restore(folder: string, options: Readonly<Record<string, unknown>>): Promise<PreparedTask>;
}
export const TrainingTask: Capability<TrainingTask> = defineCapability('@zooid/trainer/TrainingTask');

export interface PrepareContext {
  /** The app's section of the recipe. @throws ValidationError naming unknown keys. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Hugging Face encoder config to build on: a preset's, or the base model's `config.json`. */
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  /** Folder of the base model, whose tokenizer must be kept. */
  readonly baseFolder?: string;
  /** Named files of the recipe (outside word lists), absolute. */
  readonly resources: Readonly<Record<string, string>>;
  readonly random: Random;
}

/** Host-side form of one example. Apps add fields; batching needs only the length. */
export interface Features {
  /** Tokens including special ones. */
  readonly length: number;
}

/** What a batch is made for. */
export interface CollateContext {
  /** Adds the app's own noise, drawn from `random`. Implies `labels`. */
  readonly training: boolean;
  /** Adds the inputs of `loss`; set without `training` when a validation loss is wanted. */
  readonly labels?: boolean;
  /** Seeded from the run's seed, the epoch and the batch's place in it. */
  readonly random: Random;
}

/** Extra optimizer wishes by parameter name; the first match wins. Unmatched parameters are in group `default`. */
export interface ParameterGroup {
  readonly name: string;
  readonly match: (parameterName: string) => boolean;
}

export interface PreparedTask {
  /** Complete `config.json`: encoder config, `id2label`, and the app's own section under its name. */
  readonly config: Readonly<Record<string, unknown>>;
  /** The family of the encoder, for tasks that bring one of their own; default: the one that `config` names. */
  readonly encoderFamily?: EncoderFamily;
  /** Files of the model folder besides config and weights: tokenizer, lexicons; relative path → content. */
  readonly files: ReadonlyMap<string, string | Uint8Array>;
  /** Graph inputs at inference, in order; all are produced by `collate`. */
  readonly inputs: readonly string[];
  /** Outputs of `head` that the exported graph keeps; the first is what `decode` reads first. */
  readonly outputs: readonly string[];
  /** Groups with a learning rate of their own: `head`. */
  readonly groups: readonly ParameterGroup[];
  featurize(example: unknown): Features;
  /** Pads to the longest row. Must be a function of its arguments alone: a resumed run replays it. */
  collate(features: readonly Features[], context: CollateContext): TensorMap;
  /**
   * How many terms the mean loss of these rows has, so that accumulated micro-batches weigh as in one big batch.
   * Default: the number of rows; token-level losses count their labelled tokens.
   */
  lossWeight?(features: readonly Features[]): number;
  /** Emits the head. `encoder` was built on the inputs `input_ids`, `attention_mask`, `token_type_ids`. */
  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>>;
  /** Scalar mean loss over the batch from the head's outputs; label inputs come from `context.input`. */
  loss(context: ModuleContext, outputs: Readonly<Record<string, Value>>): Value;
  /** One answer per row, as the app would serve it. */
  decode(outputs: TensorMap, features: readonly Features[]): unknown[];
  /** Metrics of answers against examples; higher is better unless the name ends in `loss` or `perplexity`. */
  metrics(answers: readonly unknown[], examples: readonly unknown[]): Readonly<Record<string, number>>;
  /** Called once after training with the validation answers; may tune thresholds. Returns config overrides. */
  calibrate?(answers: readonly unknown[], examples: readonly unknown[]): Readonly<Record<string, unknown>>;
  /** Example inputs (request items) for the model folder's golden I/O. */
  goldenItems(examples: readonly unknown[]): readonly unknown[];
}
