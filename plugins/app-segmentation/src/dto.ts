import {
  ArrayMaxSize,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  MaxLength,
  MinLength,
  TextItem,
  Type,
  ValidateBy,
  ValidateNested,
  type ValidationArguments,
} from '@zooid/spec';
import { checkSurface, type LexiconMode, lexiconModes, MAX_WEIGHT } from './lexicon/entry.js';

const MAX_NAME = 64;

/** Which of a folder's networks answers. */
export const qualities = ['fast', 'accurate'] as const;
export type Quality = (typeof qualities)[number];

function IsSurface(): PropertyDecorator {
  return ValidateBy({
    name: 'isSurface',
    validator: {
      validate: (value) => checkSurface(value) === undefined,
      defaultMessage: (args?: ValidationArguments) => checkSurface(args?.value)!,
    },
  });
}

/** A word that the caller knows, for one text. */
export class RequestEntry {
  @IsSurface() surface!: string;
  /** The granularity it is a word of. Absent: of every one. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(MAX_NAME) granularity?: string;
  /** How much it is preferred, in logits per unit. */
  @IsOptional() @IsNumber() @IsPositive() @Max(MAX_WEIGHT) weight?: number;
}

/** One text, with words the caller knows about it. */
export class SegmentationItem extends TextItem {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => RequestEntry)
  lexicon?: RequestEntry[];
}

export class SegmentationParameters {
  /** One that the model was trained for, or `both`: coarse words and the fine ones within them. Default: the model's first. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(MAX_NAME) granularity?: string;
  /**
   * `accurate`: the model itself; `fast`: its small student, some ten times as fast and a little worse. Default: `accurate`,
   * where the folder has more than a student.
   */
  @IsOptional() @IsIn(qualities) quality?: Quality;
  /** What the items' own entries do: `force` makes words of them, `prefer` speaks for them. */
  @IsIn(lexiconModes) lexiconMode: LexiconMode = 'prefer';
  /** Names of stored dictionaries of scope `tenant` to use, in the order of their rank. */
  @IsArray() @ArrayMaxSize(16) @ArrayUnique() @IsString({ each: true }) lexicons: string[] = [];
  /** The corpus whose manner to follow, of models that were trained on several. */
  @IsOptional() @IsString() @MinLength(1) @MaxLength(MAX_NAME) corpus?: string;
  /** Adds code point offsets to every word; UTF-16 offsets are always there. */
  @IsBoolean() codePoints = false;
}

/** Who a stored dictionary is for. */
export const scopes = ['server', 'tenant'] as const;
export type Scope = (typeof scopes)[number];

/** Body of `PUT /v1/apps/{name}/lexicons/{lexicon}`; entries are checked one by one when it is applied. */
export class LexiconBody {
  /** `{surface, granularity?, weight?}`, all of the dictionary. */
  @IsArray() @ArrayMaxSize(200_000) entries!: unknown[];
  @IsIn(lexiconModes) mode: LexiconMode = 'prefer';
  /** `server`: for every request; `tenant`: for requests that name it. */
  @IsIn(scopes) scope: Scope = 'server';
}

const words = {
  type: 'array',
  description: 'Joined they are the text; white space is a word of its own',
  items: {
    type: 'object',
    required: ['text', 'start', 'end'],
    properties: {
      text: { type: 'string' },
      start: { type: 'integer', description: 'UTF-16 index' },
      end: { type: 'integer', description: 'UTF-16 index, exclusive' },
      codePoints: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 },
    },
  },
} as const;
const nested = { type: 'object', required: ['words'], properties: { words } } as const;

/** JSON Schema of one answer. */
export const segmentationOutputSchema = {
  type: 'object',
  required: ['granularity'],
  properties: {
    granularity: { type: 'string' },
    words: { ...words, description: `${words.description}. Of every granularity but 'both'` },
    coarse: { ...nested, description: "Of granularity 'both'" },
    fine: { ...nested, description: "Of granularity 'both': every coarse boundary is one of these words as well" },
  },
} as const;
