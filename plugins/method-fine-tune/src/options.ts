import { type Precision, precisions } from '@zooid/method-kit';
import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';
import { AdapterTuning, LoraTuning, PrefixTuning } from './tuning/options.js';

function IsRates(): PropertyDecorator {
  return ValidateBy({
    name: 'isRates',
    validator: {
      validate: (value) =>
        typeof value === 'object' &&
        value !== null &&
        !Array.isArray(value) &&
        Object.values(value).every((rate) => typeof rate === 'number' && rate > 0 && Number.isFinite(rate)),
      defaultMessage: () => 'must give each name pattern a number above 0: { "*.LayerNorm.*": 1e-4 }',
    },
  });
}

/** The `train` section of a recipe. */
export class FineTuneOptions {
  /** Passes over the training data; ignored when `maxSteps` is given. */
  @IsInt() @Min(1) epochs = 3;
  /** Exact number of updates instead of `epochs`. */
  @IsOptional() @IsInt() @Min(1) maxSteps?: number;
  /** Most examples in a batch. */
  @IsInt() @Min(1) batchSize = 32;
  /** Batches whose gradients are averaged into one update. */
  @IsInt() @Min(1) accumulate = 1;
  /** Most padded tokens (examples × longest) in a batch: bounds memory when lengths vary. */
  @IsOptional() @IsInt() @Min(1) maxTokensPerBatch?: number;
  /**
   * `layers` keeps what passes between the encoder's layers and computes their inner values again for the backward pass:
   * a fifth to a third more time, and of the activations little more than one layer's in memory. Same gradients.
   */
  @IsIn(['none', 'layers']) recompute: 'none' | 'layers' = 'none';

  /**
   * Batches' worth of shuffled examples that are sorted by length together: more saves padding, less makes batches
   * alike; 1 turns sorting off.
   */
  @IsInt() @Min(1) sortWindow = 50;

  /**
   * Peak learning rate. Default: 5e-4 from scratch; on a base model 3e-5 × (768 / its hidden size)², at most 5e-4; 5e-4 with
   * `lora`, 3e-4 with `adapters`, 1e-3 with `prefix`.
   */
  @IsOptional() @IsNumber() @IsPositive() learningRate?: number;
  /**
   * Peak learning rate of the app's own layers. Default: 5 × `learningRate` on a base model, the same from scratch and with
   * `lora`, `adapters` or `prefix`.
   */
  @IsOptional() @IsNumber() @IsPositive() headLearningRate?: number;
  /** Every layer of the encoder learns at this many times the rate of the layer above it. Default: all at the same. */
  @IsOptional() @IsNumber() @IsPositive() @Max(1) layerDecay?: number;
  /** Peak learning rates by parameter name, with `*` for anything; the first pattern that fits counts, before all other rates. */
  @IsOptional() @IsRates() learningRates?: Record<string, number>;
  /** Below 1 the share of all steps, from 1 on the number of steps over which the rate rises from 0. */
  @IsNumber() @Min(0) warmup = 0.1;
  /** How the rate falls after the warm-up. */
  @IsIn(['constant', 'linear', 'cosine']) schedule: 'constant' | 'linear' | 'cosine' = 'linear';
  /** Decoupled weight decay; biases and normalisation parameters never decay. */
  @IsNumber() @Min(0) weightDecay = 0.01;
  /** Decay rate of the gradients' mean. */
  @IsNumber() @Min(0) @Max(0.9999) beta1 = 0.9;
  /** Decay rate of the gradients' mean square. */
  @IsNumber() @Min(0) @Max(0.99999) beta2 = 0.999;
  /** Added to the root of the mean square. */
  @IsNumber() @IsPositive() epsilon = 1e-8;
  /** Gradients whose global norm exceeds this are scaled down to it; 0 turns clipping off. */
  @IsNumber() @Min(0) clipNorm = 1;

  /** Dropout of the encoder's hidden states and attention. Default: what its config says. */
  @IsOptional() @IsNumber() @Min(0) @Max(0.9) dropout?: number;
  /** Parameters that stay as they are, by name; `*` stands for anything: `bert.embeddings.*`. */
  @IsArray() @IsString({ each: true }) freeze: string[] = [];
  /**
   * Low-rank updates beside the encoder's matrices, merged into them on export. As with `adapters` and `prefix`, which may
   * be combined: what the base model brings stays as it is; what is added learns, and all that is not the encoder.
   */
  @IsOptional() @ValidateNested() @Type(() => LoraTuning) lora?: LoraTuning;
  /** Small networks in every layer; they learn, and with them the encoder's LayerNorms. */
  @IsOptional() @ValidateNested() @Type(() => AdapterTuning) adapters?: AdapterTuning;
  /** Trained positions that every attention sees before its tokens. */
  @IsOptional() @ValidateNested() @Type(() => PrefixTuning) prefix?: PrefixTuning;
  /** Parameters of the base model that learn all the same, by name: `*.LayerNorm.*`. */
  @IsOptional() @IsArray() @IsString({ each: true }) unfreeze?: string[];
  /** Alpha of the LoRA adapter to start from (`data.resources.adapter`), where no `adapter_config.json` tells it. */
  @IsOptional() @IsNumber() @IsPositive() adapterAlpha?: number;
  /**
   * Names, with `*` for anything, in which model and base checkpoint may differ: such a parameter starts new when it is
   * missing or of another shape, such a tensor of the checkpoint is left out. Everything else must fit.
   */
  @IsArray() @IsString({ each: true }) allowMissing: string[] = [];
  /**
   * Train the base's `onnx/model.onnx` as it is, instead of the network that its config describes with the weights beside
   * it. Default: when there are no weights.
   */
  @IsOptional() @IsBoolean() importGraph?: boolean;
  /** Keep labels and head of a base model that was trained for the same app, instead of learning them anew. */
  @IsBoolean() keepHead = false;

  /** Steps between evaluations on the validation split. Default: once per epoch. */
  @IsOptional() @IsInt() @Min(1) evaluateEvery?: number;
  /** Validation metric by which the best weights are kept. Default: the first one the app reports. */
  @IsOptional() @IsString() metric?: string;
  /** Whether the metric should rise or fall. Default: fall for names ending in `loss` or `perplexity`, else rise. */
  @IsOptional() @IsIn(['max', 'min']) mode?: 'max' | 'min';
  /** Evaluations without improvement after which training stops. Default: never. */
  @IsOptional() @IsInt() @Min(1) patience?: number;
  /** Resamplings behind the 95 % intervals of the final metrics; 0: no intervals. */
  @IsInt() @Min(0) @Max(100_000) bootstrap = 500;

  /**
   * How the model folder stores weights: `float32`, or `float16` for half the size (in `model.safetensors` and
   * `onnx/model_fp16.onnx`). Training and computing stay float32.
   */
  @IsIn([...precisions]) weights: Precision = 'float32';

  /** Threads inside a step. Default: the machine's cores. Does not change the result. */
  @IsOptional() @IsInt() @Min(1) threads?: number;
  /** Seconds between checkpoints; stretched when writing one takes long. Does not change the result. */
  @IsNumber() @IsPositive() checkpointSeconds = 15;
  /** Consecutive non-finite updates that are skipped before the run stops as diverged. */
  @IsInt() @Min(0) skipTolerance = 0;
}

/** Options that may differ between a run and its resumption. */
export const operationalOptions = [
  'threads',
  'checkpointSeconds',
  'bootstrap',
  'weights',
] as const satisfies readonly (keyof FineTuneOptions)[];
