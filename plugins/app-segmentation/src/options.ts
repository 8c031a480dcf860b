import {
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';
import { FastOptions } from './fast/fast-options.js';

/** Names that requests and files use: no spaces, and not what means all of them. */
export const granularityName = /^[a-z][a-z0-9_-]{0,31}$/;
/** Asks for the coarse and the fine words of one text, the fine ones nested in the coarse ones. */
export const BOTH = 'both';
const reserved = [BOTH, 'unc'];

export const isGranularityName = (name: string): boolean => granularityName.test(name) && !reserved.includes(name);

function IsFieldMap(): PropertyDecorator {
  const validate = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    Object.keys(value).length > 0 &&
    Object.entries(value).every(([name, field]) => isGranularityName(name) && typeof field === 'string');
  const defaultMessage = () =>
    `must give each granularity the field of its words: { fine: words }; names match ${granularityName.source} and are not ${reserved.join(' or ')}`;
  return ValidateBy({ name: 'isFieldMap', validator: { validate, defaultMessage } });
}

/** How bigram vectors `b` meet the encoder's states `H`; the steps are its ablations. */
export const fusionModes = ['none', 'add', 'linear', 'gated'] as const;
export type FusionMode = (typeof fusionModes)[number];

/** Vectors of the pairs of units to the left and to the right. */
export class BigramOptions {
  /** Pairs that occur less often in the training texts share one row. */
  @IsInt() @Min(1) minCount = 2;
  @IsInt() @Min(0) @Max(1_000_000) maxSize = 100_000;
  /** Width of a pair's vector. */
  @IsInt() @Min(4) @Max(1024) size = 100;
  /**
   * `merged`: a pair's vector starts as the mean of its two characters' vectors, and stays it for pairs that training never saw.
   * `random`: pairs have vectors of their own from the start, unseen ones one in common.
   */
  @IsIn(['merged', 'random']) vectors: 'merged' | 'random' = 'merged';
  /** Probability per unit in training of hiding both of its pairs, so that the model does not lean on them alone. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0.2;
}

/** What a list of known words says of every unit, beside its pairs. It teaches words that no training text has. */
export class LexiconOptions {
  /** Names of recipe resources with word lists: JSON lines `{word|surface}`. */
  @IsArray() @IsString({ each: true }) resources: string[] = [];
  /** Shortest word kept, in characters; single characters say nothing. */
  @IsInt() @Min(2) minLength = 2;
  /** Probability per row in training of hiding the list, so that the model does without where the list has nothing. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0.1;
}

/** How often a text is seen without its tag in training. */
export const denoisingModes = ['off', 'replace', 'twice'] as const;

export class DenoisingOptions {
  /** `twice`: every text once with its tag and once with `[unc]`; `replace`: `[unc]` instead of the tag with `rate`. */
  @IsIn(denoisingModes) mode: (typeof denoisingModes)[number] = 'off';
  @IsNumber() @Min(0) @Max(1) rate = 0.1;
}

export class TokenizerOptions {
  /** Size of the vocabulary trained on the training texts when there is no base model. */
  @IsInt() @Min(64) @Max(65536) vocabSize = 8000;
  @IsInt() @Min(1) minFrequency = 1;
  @IsBoolean() lowercase = true;
}

/** The `options` section of a segmentation recipe. */
export class SegmentationOptions {
  @IsString() textField = 'text';
  /** Granularities to learn, and the field of a record that holds each one's words; a record may lack some. */
  @IsFieldMap() granularities: Record<string, string> = { fine: 'words', coarse: 'coarse' };
  /**
   * Field that names the criterion of a record's words (`pku`, `msr`), for corpora that were annotated differently. Then the
   * granularities are the names found there, and the words are in the first field of `granularities`.
   */
  @IsOptional() @IsString() criterionField?: string;
  /** Field that names the corpus of a record: a second tag, which requests may leave out. */
  @IsOptional() @IsString() corpusField?: string;
  /**
   * `accurate`: a head on an encoder that reads one granularity's tag; `fast`: a small network for bulk text that scores all
   * granularities at once, and of the options below uses those of `fast` alone.
   */
  @IsIn(['accurate', 'fast']) network: 'accurate' | 'fast' = 'accurate';
  @ValidateNested() @Type(() => FastOptions) fast = new FastOptions();
  /** Units (characters, whole Latin words and numbers) that the model reads at once. */
  @IsInt() @Min(8) @Max(500) maxUnits = 60;
  @IsIn(fusionModes) fusion: FusionMode = 'gated';
  @ValidateNested() @Type(() => BigramOptions) bigrams = new BigramOptions();
  @ValidateNested() @Type(() => LexiconOptions) lexicon = new LexiconOptions();
  /** Heads of the attention over the fused sequence; must divide the encoder's hidden size. 0: no such layer. */
  @IsInt() @Min(0) @Max(64) heads = 8;
  /** Weight of the loss that tells the granularity from the state of its tag; 0 turns it off. */
  @IsNumber() @Min(0) @Max(10) granularityLoss = 1;
  @ValidateNested() @Type(() => DenoisingOptions) denoising = new DenoisingOptions();
  /** Dropout in the decoder. */
  @IsNumber() @Min(0) @Max(0.9) headDropout = 0.1;
  /** Probability per unit in training of the unknown token (regularises small data). */
  @IsNumber() @Min(0) @Max(1) unitDropout = 0;
  @ValidateNested() @Type(() => TokenizerOptions) tokenizer = new TokenizerOptions();
}
