import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  TextItem,
} from '@zooid/spec';

/** A text with one or more masks, written as the model's mask token: `[MASK]` for BERT, `<mask>` for RoBERTa. */
export class FillMaskItem extends TextItem {}

export class FillMaskParameters {
  /** Candidates per mask, best first. */
  @IsInt() @Min(1) @Max(1000) top_k = 5;
  /** Only these words are candidates; each must be one token of the vocabulary. */
  @IsOptional()
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(1000)
  @IsString({ each: true })
  @MaxLength(200, { each: true })
  targets?: string[];
}

const candidate = {
  type: 'object',
  required: ['score', 'token', 'token_str', 'sequence'],
  properties: {
    score: { type: 'number', minimum: 0, maximum: 1 },
    token: { type: 'integer' },
    token_str: { type: 'string' },
    sequence: { type: 'string', description: 'The text with this candidate in the place of its mask' },
  },
} as const;

/** JSON Schema of one answer: candidates for the one mask, or a list of candidates for each of several. */
export const fillMaskOutputSchema = {
  type: 'array',
  items: { anyOf: [candidate, { type: 'array', items: candidate }] },
} as const;
