import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsString,
  IsWellFormed,
  Max,
  Min,
  MinLength,
  type TaskShapes,
  TextItem,
} from '@zooid/spec';

/** A text, or a text and the one it is judged together with. */
export class TextClassificationItem extends TextItem {
  @IsOptional() @IsString() @MinLength(1) @IsWellFormed() text_pair?: string;
}

export const outputFunctions = ['sigmoid', 'softmax', 'none'] as const;
/** What turns logits into scores. */
export type OutputFunction = (typeof outputFunctions)[number];

/** Named as the Hub names them, so that its clients can call this app. */
export class TextClassificationParameters implements Mutable<TaskShapes['text-classification']['parameters']> {
  /** Labels to return, best first. Default: all. */
  @IsOptional() @IsInt() @Min(1) @Max(100_000) top_k?: number;
  /** Default: softmax, or sigmoid where several labels may hold at once. */
  @IsOptional() @IsIn(outputFunctions) function_to_apply?: OutputFunction;
  /** Leave out labels with a lower score. */
  @IsOptional() @IsNumber() @Min(0) @Max(1) threshold?: number;
  /** Of a model whose labels may hold at once, return those that do: at or above the thresholds chosen in training. */
  @IsBoolean() apply_thresholds = false;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** JSON Schema of one answer. */
export const labelScoresSchema = {
  type: 'array',
  description: 'Labels, best first',
  items: {
    type: 'object',
    required: ['label', 'score'],
    properties: {
      label: { type: 'string' },
      score: { type: 'number', description: 'In [0, 1], but for function_to_apply none' },
    },
  },
} as const;
