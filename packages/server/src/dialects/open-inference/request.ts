import {
  ArrayMaxSize,
  ArrayNotEmpty,
  IsArray,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Min,
  MinLength,
  Type,
  ValidateNested,
} from '@zooid/spec';

/** The protocol's tensor data types. Apps read BYTES; the others are named so that a refusal can tell them apart. */
export const datatypes = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export class RequestInput {
  @IsString() @MinLength(1) name!: string;
  @IsArray() @ArrayNotEmpty() @ArrayMaxSize(8) @IsInt({ each: true }) @Min(0, { each: true }) shape!: number[];
  @IsIn(datatypes) datatype!: (typeof datatypes)[number];
  @IsOptional() @IsObject() parameters?: Record<string, unknown>;
  /** Nested as the shape says, or flat in row-major order. */
  @IsArray() data!: unknown[];
}

export class RequestOutput {
  @IsString() @MinLength(1) name!: string;
  @IsOptional() @IsObject() parameters?: Record<string, unknown>;
}

/** Body of `POST /v2/models/{model}/infer`. */
export class InferenceRequest {
  @IsOptional() @IsString() id?: string;
  @IsOptional() @IsObject() parameters?: Record<string, unknown>;
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(16)
  @ValidateNested({ each: true })
  @Type(() => RequestInput)
  inputs!: RequestInput[];
  @IsOptional()
  @IsArray()
  @ArrayMaxSize(16)
  @ValidateNested({ each: true })
  @Type(() => RequestOutput)
  outputs?: RequestOutput[];
}
