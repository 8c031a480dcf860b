import {
  ArrayMinSize,
  ArrayUnique,
  IsArray,
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
  ValidateNested,
} from '@zooid/spec';
import { type TagScheme, tagSchemes } from '@zooid/tagging';

/** How a trained model's scores become tags: the best legal sequence, without learned steps or with them. */
export const trainedDecoders = ['legal', 'crf'] as const;
export type TrainedDecoder = (typeof trainedDecoders)[number];

export class TokenizerOptions {
  /** Size of the WordPiece vocabulary trained on the training texts when there is no base model. */
  @IsInt() @Min(64) @Max(65_536) vocabSize = 8000;
  @IsInt() @Min(1) minFrequency = 1;
  @IsBoolean() lowercase = true;
}

/** The `options` section of a token-classification recipe. */
export class TokenClassificationOptions {
  @IsString() @MinLength(1) textField = 'text';
  /** Field with the gold spans, `[{type, start, end}]` in code points: `entities`, `slots`. */
  @IsString() @MinLength(1) entitiesField = 'entities';
  /** Fields of records that come as tokens with a tag each (`B-PER`, `E-PER`, `O`, …) instead of as text with spans. */
  @IsString() @MinLength(1) tokensField = 'tokens';
  @IsString() @MinLength(1) tagsField = 'tags';
  /** Names of the tags of such records where they are numbers. */
  @IsOptional() @IsArray() @ArrayMinSize(1) @ArrayUnique() @IsString({ each: true }) tagNames?: string[];
  /** What stands between the tokens of such records: a space, nothing, or (`auto`) a space but beside Chinese and kana. */
  @IsIn(['auto', 'space', 'nothing']) joinTokens: 'auto' | 'space' | 'nothing' = 'auto';

  /** Labels of a span: beginning and inside, or these with an end and one for single tokens. */
  @IsIn(tagSchemes) scheme: TagScheme = 'BIO';
  /** `legal`: the best sequence that the scheme allows. `crf`: a conditional random field, which learns steps as well. */
  @IsIn(trainedDecoders) decoder: TrainedDecoder = 'legal';
  /**
   * Most tokens that the network reads at once, special ones included. Training cuts what is longer; answers read longer
   * texts in windows.
   */
  @IsInt() @Min(4) @Max(8192) maxLength = 128;

  @IsNumber() @Min(0) @Max(0.5) labelSmoothing = 0;
  /** Dropout before the output layer. Default: the encoder's. */
  @IsOptional() @IsNumber() @Min(0) @Max(0.9) headDropout?: number;
  /** Probability per token, in training, of the unknown token instead: regularises small data. */
  @IsNumber() @Min(0) @Max(0.9) wordDropout = 0;

  @ValidateNested() @Type(() => TokenizerOptions) tokenizer = new TokenizerOptions();
}
