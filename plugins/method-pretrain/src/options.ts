import { type Precision, precisions } from '@zooid/method-kit';
import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsDefined,
  IsIn,
  IsInt,
  IsNumber,
  IsObject,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
  Type,
  ValidateNested,
} from '@zooid/spec';

/** Which tokens the model has to guess, and what it sees instead of them. */
export class MaskingOptions {
  /** Share of a block's tokens that must be guessed. */
  @IsNumber() @Min(0.01) @Max(0.9) rate = 0.15;
  /** Share of the guessed tokens that read `[MASK]`. */
  @IsNumber() @Min(0) @Max(1) mask = 0.8;
  /** Share of the guessed tokens that read a random token; the rest stays as it is. */
  @IsNumber() @Min(0) @Max(1) random = 0.1;
  /** Choose whole words, all pieces of them or none. */
  @IsBoolean() wholeWord = true;
}

/** The vocabulary to train where there is no base model. */
export class VocabularyOptions {
  /** Most tokens, special ones included. */
  @IsInt() @Min(64) vocabSize = 8192;
  /** A character or piece that occurs fewer times is left out. */
  @IsInt() @Min(1) minFrequency = 20;
  @IsBoolean() lowercase = true;
  /** Most characters of the corpus that are looked at, spread evenly over it. */
  @IsInt() @Min(1000) sampleCharacters = 60_000_000;
}

/** Short blocks for the first part of the run. */
export class ShortBlocksOptions {
  /** Tokens of a block, `[CLS]` and `[SEP]` included; a batch holds so many more of them. */
  @IsInt() @Min(8) length = 32;
  /** Share of all steps. */
  @IsNumber() @Min(0) @Max(1) share = 0.8;
}

/** A second objective, for the pooled first token. */
export class BagOfWordsOptions {
  /** Of its loss beside that of the guessed tokens. */
  @IsNumber() @IsPositive() @Max(10) weight = 0.3;
}

/** The `train` section of a recipe. */
export class PretrainOptions {
  /** Exact number of updates. */
  @IsInt() @Min(1) maxSteps = 10_000;
  /** Blocks in a batch. */
  @IsInt() @Min(1) batchSize = 32;
  /** Batches whose gradients are averaged into one update. */
  @IsInt() @Min(1) accumulate = 1;
  /** Tokens of a block, `[CLS]` and `[SEP]` included. */
  @IsInt() @Min(8) blockLength = 128;
  /**
   * Train on short blocks first: what a word depends on is mostly near, and is found sooner among few tokens
   * (Press et al. 2021, "Shortformer"). Default: all blocks have `blockLength`.
   */
  @IsOptional() @ValidateNested() @Type(() => ShortBlocksOptions) shortBlocks?: ShortBlocksOptions;
  /** Fields of a record that hold text: a string, or a list of strings or of objects with `text` (turns of a dialogue). */
  @IsArray() @ArrayNotEmpty() @IsString({ each: true }) textFields: string[] = ['text'];

  /**
   * How often the texts of a source are read, where not once: `{ lccc-base: 6 }` repeats those of files with `lccc-base`
   * in their path six times. For sources that are small but close to what the model is for.
   */
  @IsOptional() @IsObject() repeat: Readonly<Record<string, number>> = {};

  @IsDefined() @ValidateNested() @Type(() => MaskingOptions) masking: MaskingOptions = new MaskingOptions();
  /**
   * Teach the pooled first token, which classifiers read and masked language modelling leaves idle, to tell which tokens
   * its block holds. Default: no such objective.
   */
  @IsOptional() @ValidateNested() @Type(() => BagOfWordsOptions) bagOfWords?: BagOfWordsOptions;
  @IsDefined() @ValidateNested() @Type(() => VocabularyOptions) vocabulary: VocabularyOptions = new VocabularyOptions();

  /** Peak learning rate. Default: 1e-3 from scratch, 1e-4 on a base model. */
  @IsOptional() @IsNumber() @IsPositive() learningRate?: number;
  /** Below 1 the share of all steps, from 1 on the number of steps over which the rate rises from 0. */
  @IsNumber() @Min(0) warmup = 0.06;
  /** How the rate falls after the warm-up. */
  @IsIn(['constant', 'linear', 'cosine']) schedule: 'constant' | 'linear' | 'cosine' = 'linear';
  /** Decoupled weight decay; biases and normalisation parameters never decay. */
  @IsNumber() @Min(0) weightDecay = 0.01;
  /** Decay rate of the gradients' mean. */
  @IsNumber() @Min(0) @Max(0.9999) beta1 = 0.9;
  /** Decay rate of the gradients' mean square. */
  @IsNumber() @Min(0) @Max(0.99999) beta2 = 0.98;
  /** Added to the root of the mean square. */
  @IsNumber() @IsPositive() epsilon = 1e-6;
  /** Gradients whose global norm exceeds this are scaled down to it; 0 turns clipping off. */
  @IsNumber() @Min(0) clipNorm = 1;
  /** Dropout while pre-training. The config keeps its own rates, for those who fine-tune. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0;

  /** Steps between evaluations on the validation split. */
  @IsInt() @Min(1) evaluateEvery = 500;
  /** Most blocks of the validation split that an evaluation looks at. */
  @IsInt() @Min(1) evaluateBlocks = 256;

  /**
   * How the model folder stores weights: `float32`, or `float16` for half the size (in `model.safetensors` and
   * `onnx/model_fp16.onnx`). Training and computing stay float32.
   */
  @IsIn([...precisions]) weights: Precision = 'float32';

  /** Whether the model folder holds a graph beside the weights; without one a backend builds it when it loads. */
  @IsBoolean() graph = true;

  /** Threads inside a step. Default: the machine's cores. Does not change the result. */
  @IsOptional() @IsInt() @Min(1) threads?: number;
  /** Seconds between checkpoints. Does not change the result. */
  @IsNumber() @IsPositive() checkpointSeconds = 60;
  /** Consecutive non-finite updates that are skipped before the run stops as diverged. */
  @IsInt() @Min(0) skipTolerance = 3;
}

/** Options that may differ between a run and its resumption. */
export const operationalOptions = [
  'threads',
  'checkpointSeconds',
  'weights',
  'graph',
] as const satisfies readonly (keyof PretrainOptions)[];
