import {
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  MaxLength,
  Min,
  MinLength,
  TextItem,
  Type,
  ValidateNested,
} from '@zooid/spec';
import { LEAST_LENGTH } from './decode/cuts.js';

/** Where a growing text stands: what the answer to its shorter form said. */
export class PartialState {
  /** UTF-16 index up to which sentences are final. */
  @IsInt() @Min(0) committed = 0;
  /** UTF-16 index up to which places are not asked about again, in the mode `cut`. Default: `committed`. */
  @IsOptional() @IsInt() @Min(0) settled?: number;
  /** The speaker has stopped for now: what is there is judged without waiting for more. */
  @IsBoolean() pause = false;
}

/** A text, or what there is of one that still grows. */
export class SentenceItem extends TextItem {
  @IsOptional() @ValidateNested() @Type(() => PartialState) partial?: PartialState;
}

export class SentenceParameters {
  /** One that the model was trained for. Default: the model's first. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(64) mode?: string;
  /** Probability from which a sentence ends, or a mark is set. Default: the model's, chosen on its validation data. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) threshold?: number;
  /** Characters that a sentence has at least in the mode `cut`, a Latin word or a number counting as one. */
  @IsInt() @Min(1) @Max(100) minLength = LEAST_LENGTH;
  /** Of partial results: characters that must follow before a cut is final, unless there is a pause. */
  @IsInt() @Min(0) @Max(50) rightContext = 4;
  /** Of partial results: characters at the end that are looked at again with each. */
  @IsInt() @Min(8) @Max(500) window = 50;
  /** Adds code point offsets to every sentence; UTF-16 offsets are always there. */
  @IsBoolean() codePoints = false;
}

const index = (description: string) => ({ type: 'integer', description }) as const;

/** JSON Schema of one answer. */
export const sentenceOutputSchema = {
  type: 'object',
  required: ['mode', 'sentences', 'isComplete'],
  properties: {
    mode: { type: 'string', enum: ['cut', 'punct'] },
    sentences: {
      type: 'array',
      description: 'Joined they are the text; of a partial result those that are final, after `committed`',
      items: {
        type: 'object',
        required: ['text', 'start', 'end'],
        properties: {
          text: { type: 'string' },
          start: index('UTF-16 index'),
          end: index('UTF-16 index, exclusive'),
          codePoints: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 },
          punctuated: { type: 'string', description: 'With the marks that it lacked; of the mode punct' },
        },
      },
    },
    text: {
      type: 'string',
      description: 'The text with the marks that it lacked; of a partial result from `committed` on',
    },
    isComplete: { type: 'number', description: 'Probability that the utterance is finished' },
    rest: { type: 'string', description: 'Of a partial result: what is not final' },
    partial: {
      type: 'object',
      description: 'Of a partial result: what to send with the text when it has grown',
      required: ['committed', 'settled'],
      properties: { committed: index('UTF-16 index'), settled: index('UTF-16 index') },
    },
  },
} as const;
