import {
  ArrayNotEmpty,
  ArrayUnique,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Max,
  Min,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';
import { knownMarks } from './text/marks.js';

/** `cut`: where sentences end; `punct`: which mark stands after each character. */
export const modes = ['cut', 'punct'] as const;
export type Mode = (typeof modes)[number];

function IsFold(): PropertyDecorator {
  const known: readonly unknown[] = knownMarks;
  const validate = (value: unknown) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.entries(value).every(([from, to]) => known.includes(from) && (to === '' || known.includes(to)));
  const defaultMessage = () =>
    `must give each mark the one that it becomes, or "" to drop it: { 、: ， }; marks are ${knownMarks.join(' ')}`;
  return ValidateBy({ name: 'isFold', validator: { validate, defaultMessage } });
}

/** Where a record holds what. */
export class RecordFields {
  /** Text without marks; with it goes `labels`: for every code point the mark that follows, or `_`. */
  @IsString() input = 'input';
  @IsString() labels = 'labels';
  /** List of sentences that have nothing to do with each other. */
  @IsString() queries = 'queries';
  /** List of turns of a dialogue: strings, or objects with `text`. */
  @IsString() turns = 'turns';
  /** One sentence or a punctuated text. */
  @IsString() text = 'text';
}

/** What training does to the texts of a batch, anew in every epoch. */
export class NoiseOptions {
  /** Joins up to so many texts that have nothing to do with each other, as far as they fit `maxUnits`. 1: none. */
  @IsInt() @Min(1) @Max(16) join = 4;
  /** Probability per character of another one of the batch: what a recogniser mishears. */
  @IsNumber() @Min(0) @Max(0.5) swap = 0.02;
  /** Probability per character of leaving it out. */
  @IsNumber() @Min(0) @Max(0.5) drop = 0.01;
  /** Probability per row of breaking off somewhere: there an utterance is not complete. */
  @IsNumber() @Min(0) @Max(0.9) breakOff = 0.25;
}

export class TokenizerOptions {
  /** Size of the vocabulary trained on the training texts when there is no base model. */
  @IsInt() @Min(64) @Max(65536) vocabSize = 8000;
  @IsInt() @Min(1) minFrequency = 1;
  @IsBoolean() lowercase = true;
}

/** The `options` section of a sentence-boundary recipe. */
export class SentenceBoundaryOptions {
  @IsArray() @ArrayNotEmpty() @ArrayUnique() @IsIn(modes, { each: true }) modes: Mode[] = [...modes];
  @ValidateNested() @Type(() => RecordFields) fields = new RecordFields();
  /** Marks to restore. */
  @IsArray() @ArrayNotEmpty() @ArrayUnique() @IsIn(knownMarks, { each: true }) marks: string[] = [
    '，',
    '。',
    '？',
    '！',
  ];
  /** What other marks of the data count as; `""`, and marks in neither list, count as none. */
  @IsFold() fold: Record<string, string> = { '、': '，', '：': '，', '；': '，' };
  /** Characters that the model reads at once; a Latin word or a number is one. */
  @IsInt() @Min(8) @Max(500) maxUnits = 100;
  @ValidateNested() @Type(() => NoiseOptions) noise = new NoiseOptions();
  /** Dropout before the heads. */
  @IsNumber() @Min(0) @Max(0.9) headDropout = 0.1;
  /** Labels weigh in the losses by their frequency to the power of minus this: 0 all alike, 1 inversely. */
  @IsNumber() @Min(0) @Max(1) classWeightPower = 0;
  @ValidateNested() @Type(() => TokenizerOptions) tokenizer = new TokenizerOptions();
}
