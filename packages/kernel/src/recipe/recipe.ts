import {
  IsArray,
  IsDefined,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Max,
  Min,
  MinLength,
  Type,
  ValidateBy,
  ValidateNested,
} from '@zooid/spec';

/** A validation split that is a seeded part of the training split. */
export interface SplitFraction {
  readonly fraction: number;
}

const isNames = (value: unknown): boolean =>
  (typeof value === 'string' && value !== '') ||
  (Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string' && name !== ''));

const isFraction = (value: unknown): value is SplitFraction => {
  if (typeof value !== 'object' || value === null) return false;
  const { fraction, ...rest } = value as { fraction?: unknown };
  return typeof fraction === 'number' && fraction > 0 && fraction < 1 && Object.keys(rest).length === 0;
};

function IsSplit(): PropertyDecorator {
  return ValidateBy({
    name: 'isSplit',
    validator: {
      validate: isNames,
      defaultMessage: () => 'must be the name of a split of the dataset, a file path, or a list of them',
    },
  });
}

function IsSplitOrFraction(): PropertyDecorator {
  return ValidateBy({
    name: 'isSplitOrFraction',
    validator: {
      validate: (value) => isNames(value) || isFraction(value),
      defaultMessage: () =>
        'must be the name of a split of the dataset, a file path, a list of them, or { fraction: 0.1 } of train (between 0 and 1)',
    },
  });
}

/** Where examples come from: splits of a registered data set, or files relative to the recipe. */
export class RecipeData {
  /** Id in the data set registry. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  dataset?: string;

  @IsDefined()
  @IsSplit()
  train!: string | string[];

  @IsOptional()
  @IsSplitOrFraction()
  validation?: string | string[] | SplitFraction;

  @IsOptional()
  @IsSplit()
  test?: string | string[];

  /** Further named files, such as word lists: `dataset/file` of the registry, or a path. */
  @IsOptional()
  @IsObject()
  resources?: Record<string, string>;
}

/** What the model's card says that a run cannot find out. */
export class RecipeCard {
  /** SPDX id of the trained model's licence. Give one only when the data allows it. */
  @IsOptional()
  @IsString()
  license?: string;

  /** ISO 639 codes. */
  @IsArray()
  @IsString({ each: true })
  languages: string[] = [];

  /** Markdown: what it was made of, what it is for, what it cannot do. */
  @IsOptional()
  @IsString()
  en?: string;

  /** The same in Chinese. */
  @IsOptional()
  @IsString()
  zh?: string;
}

/** The shape of recipe.yaml: a whole experiment. */
export class Recipe {
  /** One line for people. */
  @IsOptional()
  @IsString()
  description?: string;

  @IsOptional()
  @ValidateNested()
  @Type(() => RecipeCard)
  card?: RecipeCard;

  /** Name of a loaded app. */
  @IsString()
  @MinLength(1)
  app!: string;

  /** Name of a loaded training method. */
  @IsString()
  @MinLength(1)
  method = 'fine-tune';

  /** Model to start from: an id or a folder. Absent: from scratch, with `encoder`. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  model?: string;

  /** The encoder to build when there is no `model`; the method reads it. */
  @IsOptional()
  @IsObject()
  encoder?: Record<string, unknown>;

  /** The app's own options. */
  @IsOptional()
  @IsObject()
  options?: Record<string, unknown>;

  @IsDefined()
  @ValidateNested()
  @Type(() => RecipeData)
  data!: RecipeData;

  /** The method's options. */
  @IsOptional()
  @IsObject()
  train?: Record<string, unknown>;

  @IsInt()
  @Min(0)
  @Max(Number.MAX_SAFE_INTEGER)
  seed = 42;
}
