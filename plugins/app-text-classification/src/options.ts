import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';

function IsMapOf(type: 'string' | 'number', message: string): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.values(value).every((entry) =>
      type === 'string' ? typeof entry === 'string' && entry !== '' : Number.isFinite(entry) && (entry as number) > 0,
    );
  return ValidateBy({ name: `isMapOf-${type}`, validator: { validate, defaultMessage: () => message } });
}

export class TokenizerOptions {
  /** Size of the WordPiece vocabulary trained on the training texts when there is no base model. */
  @IsInt() @Min(64) @Max(65_536) vocabSize = 8000;
  @IsInt() @Min(1) minFrequency = 1;
  @IsBoolean() lowercase = true;
}

/** The `options` section of a text-classification recipe. */
export class TextClassificationOptions {
  @IsString() @MinLength(1) textField = 'text';
  /** Field with the second text of a pair: `text_b`, `sentence2`. Absent: single texts. */
  @IsOptional() @IsString() @MinLength(1) pairField?: string;
  /** Field with the gold label (a string, whole number or boolean) or labels (a list of them). */
  @IsString() @MinLength(1) labelField = 'label';
  /** Better names for labels: `{ '0': different, '1': same }`. */
  @IsOptional() @IsMapOf('string', 'must map labels to names') labelNames?: Record<string, string>;
  /** Any number of labels may hold at once: sigmoid outputs and thresholds instead of softmax and the best one. */
  @IsBoolean() multiLabel = false;
  /** Most tokens of an input, special ones included; what is longer is cut, of a pair the longer text first. */
  @IsInt() @Min(4) @Max(8192) maxLength = 128;

  @IsNumber() @Min(0) @Max(0.5) labelSmoothing = 0;
  /** Weight classes by (mean count / count) to this power, within [0.5, 5]; 0 = off. */
  @IsNumber() @Min(0) @Max(1) classWeightPower = 0;
  /** Weight of each class in the loss, instead of `classWeightPower`; 1 for what is not named. */
  @IsOptional() @IsMapOf('number', 'must map labels to weights above 0') classWeights?: Record<string, number>;
  /**
   * What the classifier reads: the first token, as Hugging Face's networks do, or the mean over all tokens. An encoder
   * that was pre-trained on masked words alone has never used its first token, so the mean needs less data. Such a
   * model is not a class that transformers in Python knows; its ONNX graph runs everywhere.
   */
  @IsIn(['first', 'mean']) pooling: 'first' | 'mean' = 'first';
  /** Dropout before the output layer. Default: the encoder's. */
  @IsOptional() @IsNumber() @Min(0) @Max(0.9) headDropout?: number;
  /** Probability per token, in training, of the unknown token instead: regularises small data. */
  @IsNumber() @Min(0) @Max(0.9) wordDropout = 0;

  /** Reports precision, recall and F1 of this label besides accuracy: 1 of a matching task. */
  @IsOptional() @IsString() @MinLength(1) positiveLabel?: string;
  /** Multi-label: one threshold for all labels, or one each where the validation split has enough of them. */
  @IsIn(['shared', 'per-label']) thresholds: 'shared' | 'per-label' = 'shared';
  /** Multi-label: probability from which on a label holds. Absent: chosen on the validation split. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) threshold?: number;

  @ValidateNested() @Type(() => TokenizerOptions) tokenizer = new TokenizerOptions();
}
