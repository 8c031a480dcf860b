import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsWellFormed,
  Max,
  MaxLength,
  Min,
  MinLength,
  TextItem,
  Type,
  ValidateBy,
  ValidateIf,
  ValidateNested,
} from '@zooid/spec';
import { MAX_SURFACE, MAX_TYPE } from './lexicon/entry.js';
import { UNMATCHABLE } from './lexicon/lexicon-files.js';
import { normalizeSurface } from './lexicon/normalize.js';

/** Refuses surfaces that normalisation leaves nothing of. */
function IsMatchable(): PropertyDecorator {
  const validate = (value: unknown) => typeof value !== 'string' || normalizeSurface(value) !== '';
  return ValidateBy({ name: 'isMatchable', validator: { validate, defaultMessage: () => UNMATCHABLE } });
}

/** A lexicon entry that lives for one request. */
export class RequestEntry {
  @IsString() @MinLength(1) @MaxLength(MAX_SURFACE) @IsWellFormed() @IsMatchable() surface!: string;
  @IsString() @MinLength(1) @MaxLength(MAX_TYPE) type!: string;
}

/** One text, with entries the caller knows about this request only (contacts, playlists). */
export class IntentItem extends TextItem {
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(500)
  @ValidateNested({ each: true })
  @Type(() => RequestEntry)
  lexicon?: RequestEntry[];
}

export class IntentParameters {
  /** Labels to return, best first. */
  @IsInt() @Min(1) @Max(1000) topK = 5;
  /** Adds the gate per token: 1 trusts the text, 0 the lexicon. */
  @IsBoolean() explain = false;
  /** Adds code point offsets to every slot; UTF-16 offsets are always there. */
  @IsBoolean() codePoints = false;
  /** Overrides the model's rejection threshold. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) threshold?: number;
}

/** Body of `PUT /v1/apps/{name}/lexicons/{lexicon}`; entries are checked one by one when it is applied. */
export class LexiconBody {
  /** `{surface, type, popularity?}`, all of the list. */
  @ValidateIf(({ rollback }: LexiconBody) => rollback !== true)
  @IsArray()
  @ArrayMaxSize(1_000_000)
  entries?: unknown[];
  /** Instead of sending entries, return to the version of the list before the last change; three are kept. */
  @IsBoolean() rollback = false;
  /** Accept a list less than half or more than one and a half times the size of the one it replaces. */
  @IsBoolean() force = false;
}

/** JSON Schema of one answer. */
export const intentOutputSchema = {
  type: 'object',
  required: ['intent', 'score', 'scores', 'slots'],
  properties: {
    intent: { type: 'string' },
    score: { type: 'number', minimum: 0, maximum: 1 },
    scores: {
      type: 'array',
      items: {
        type: 'object',
        required: ['label', 'score'],
        properties: { label: { type: 'string' }, score: { type: 'number' } },
      },
    },
    intents: {
      type: 'array',
      items: { type: 'string' },
      description: 'Multi-label models: every label above the threshold',
    },
    slots: {
      type: 'array',
      items: {
        type: 'object',
        required: ['type', 'text', 'start', 'end'],
        properties: {
          type: { type: 'string' },
          text: { type: 'string' },
          start: { type: 'integer', description: 'UTF-16 index' },
          end: { type: 'integer', description: 'UTF-16 index, exclusive' },
          codePoints: { type: 'array', items: { type: 'integer' }, minItems: 2, maxItems: 2 },
        },
      },
    },
    gate: {
      type: 'array',
      description: 'With explain: how much each token relies on the text (1) or on the lexicon (0)',
      items: {
        type: 'object',
        required: ['token', 'start', 'end', 'gate'],
        properties: {
          token: { type: 'string' },
          start: { type: 'integer' },
          end: { type: 'integer' },
          gate: { type: 'number' },
        },
      },
    },
  },
} as const;
