import { IsBoolean, IsIn, IsOptional, IsString, MinLength, type TaskShapes } from '@zooid/spec';

/** What a caller may ask for. */
export const requestPoolings = ['mean', 'cls', 'max', 'none'] as const;
export type RequestPooling = (typeof requestPoolings)[number];

/** Named as the Hub names them, so that its clients can call this app. */
export class FeatureExtractionParameters implements Mutable<TaskShapes['feature-extraction']['parameters']> {
  /** How token vectors become one; `none` returns one per token. Default: as the model folder says, else `mean`. */
  @IsOptional() @IsIn(requestPoolings) pooling?: RequestPooling;
  /** Scale every vector to length 1. Default: as the model folder says, else no. */
  @IsOptional() @IsBoolean() normalize?: boolean;
  /** Cut texts that are too long for the model; otherwise they are refused. */
  @IsBoolean() truncate = true;
  /** Name of one of the model folder's prompts, put before the text. Default: the folder's default prompt, if any. */
  @IsOptional() @IsString() @MinLength(1) prompt_name?: string;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** JSON Schema of one answer. */
export const embeddingSchema = {
  type: 'array',
  description: 'One vector, or with pooling none one per token',
  items: {
    oneOf: [{ type: 'number' }, { type: 'array', items: { type: 'number' } }],
  },
} as const;
