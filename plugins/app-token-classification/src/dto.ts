import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Max,
  Min,
  type TaskShapes,
} from '@zooid/spec';

/** How tokens become spans, as the pipeline of transformers has it. */
export const aggregationStrategies = ['none', 'simple', 'first', 'average', 'max'] as const;
export type AggregationStrategy = (typeof aggregationStrategies)[number];

/** Named as the Hub names them, so that its clients can call this app. */
export class TokenClassificationParameters implements Mutable<TaskShapes['token-classification']['parameters']> {
  /**
   * `none`: a label per token. `simple`: tokens of one span together. `first`, `average`, `max`: the same, with one label
   * per word, which its first token, the mean of its tokens, or its surest token gives.
   */
  @IsIn(aggregationStrategies) aggregation_strategy: AggregationStrategy = 'simple';
  /** Labels, or types of spans, to leave out. */
  @IsArray() @ArrayMaxSize(1000) @IsString({ each: true }) ignore_labels: string[] = ['O'];
  /** Tokens that neighbouring windows of a text share that is too long to be read at once. Default: a quarter. */
  @IsOptional() @IsInt() @Min(0) @Max(8192) stride?: number;
  /** Adds `code_points: [start, end]`; `start` and `end` are UTF-16 units. */
  @IsBoolean() code_points = false;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] | undefined ? E[] : T[K] };

const place = {
  score: { type: 'number', description: 'Probability, in [0, 1]' },
  word: { type: 'string', description: 'The text from start to end; with none, the token' },
  start: { type: 'integer', description: 'In UTF-16 units' },
  end: { type: 'integer', description: 'Exclusive' },
  code_points: { type: 'array', items: { type: 'integer' }, description: 'Start and end in code points, if asked for' },
} as const;

/** JSON Schema of one answer. */
export const entitiesSchema = {
  type: 'array',
  description: 'In the order of the text',
  items: {
    anyOf: [
      {
        title: 'A span',
        type: 'object',
        required: ['entity_group', 'score', 'word', 'start', 'end'],
        properties: { entity_group: { type: 'string', description: 'Its type: PER' }, ...place },
      },
      {
        title: 'A token, with aggregation_strategy none',
        type: 'object',
        required: ['entity', 'score', 'index', 'word', 'start', 'end'],
        properties: {
          entity: { type: 'string', description: 'Its label: B-PER' },
          index: { type: 'integer', description: 'Place among the tokens, special ones included' },
          ...place,
        },
      },
    ],
  },
} as const;
