import {
  IsArray,
  IsBoolean,
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
import { isName, nameForm } from '../endpoints/address.js';
import { byteSizeForm, parseByteSize } from '../models/byte-size.js';

function IsVersion(): PropertyDecorator {
  return ValidateBy({
    name: 'isVersion',
    validator: {
      validate: (value) => typeof value === 'string' && isName(value),
      defaultMessage: () => `must be ${nameForm}`,
    },
  });
}

function IsByteSize(): PropertyDecorator {
  return ValidateBy({
    name: 'isByteSize',
    validator: {
      validate: (value) =>
        (typeof value === 'string' || typeof value === 'number') && parseByteSize(value) !== undefined,
      defaultMessage: () => `must be ${byteSizeForm}`,
    },
  });
}

/** One served name in zooid.yaml; a plain string is shorthand for `{ model }`. */
export class EndpointSection {
  /** Model id or folder. A path that starts with `.` is relative to the configuration file. */
  @IsString()
  @MinLength(1)
  model!: string;

  /** App name; default: the one the model names. */
  @IsOptional()
  @IsString()
  app?: string;

  /** Tells it from others of its name. Whole numbers may be written without quotes. */
  @IsOptional()
  @IsVersion()
  version?: string;

  /** Of several versions: whether it answers to the bare name. */
  @IsOptional()
  @IsBoolean()
  default?: boolean;

  /** Whether it is loaded at its first request; default: whether there is a memory budget. */
  @IsOptional()
  @IsBoolean()
  lazy?: boolean;
}

export class LimitsSection {
  /** Items of one request. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxItems?: number;

  /** UTF-16 units of any one string in a request. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxTextLength?: number;

  /** UTF-16 units of all strings of a request together. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxTextTotal?: number;

  /** Tokens of any one item. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxTokens?: number;
}

/** How apps gather the rows of concurrent requests into forward passes. */
export class BatchingSection {
  /** Padded tokens of one pass. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(65_536)
  maxTokens?: number;

  /** Padding of one pass, in tokens. */
  @IsOptional()
  @IsInt()
  @Min(0)
  maxPadding?: number;

  /** Rows that wait for a pass, per endpoint; beyond them callers get 429. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxQueuedRows?: number;

  /** Tokens that wait for a pass, per endpoint. */
  @IsOptional()
  @IsInt()
  @Min(1)
  maxQueuedTokens?: number;

  /** Full batches handed over beyond those that run. */
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(16)
  ahead?: number;

  /** Every row runs alone: the same bits under any load, at the price of throughput. */
  @IsOptional()
  @IsBoolean()
  deterministic?: boolean;
}

/** The shape of zooid.yaml. */
export class ZooidConfig {
  /** Package names or paths of the plugins to load; default: those the host comes with. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  plugins?: string[];

  /** Per plugin name, that plugin's own configuration; checked by the plugin's class. */
  @IsOptional()
  @IsObject()
  settings?: Record<string, unknown>;

  /** Served name → model, or list of models that differ by `version`. */
  @IsOptional()
  @IsObject()
  endpoints?: Record<string, string | EndpointSection | EndpointSection[]>;

  /** Other names: alias → endpoint, version of one (`intent@2`), or alias. */
  @IsOptional()
  @IsObject()
  aliases?: Record<string, string>;

  /** What loaded models may take of the memory together: `2GiB`. */
  @IsOptional()
  @IsByteSize()
  memoryBudget?: string | number;

  /** Folders that hold models, beside those the host knows. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  models?: string[];

  /** Folders that hold data sets, searched before those the host knows. */
  @IsOptional()
  @IsArray()
  @IsString({ each: true })
  data?: string[];

  @IsOptional()
  @ValidateNested()
  @Type(() => LimitsSection)
  limits?: LimitsSection;

  @IsOptional()
  @ValidateNested()
  @Type(() => BatchingSection)
  batching?: BatchingSection;

  /** Passed on as it is; the server checks it with its own class. */
  @IsOptional()
  @IsObject()
  server?: Record<string, unknown>;
}
