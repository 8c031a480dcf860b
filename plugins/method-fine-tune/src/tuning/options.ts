import {
  ArrayNotEmpty,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  IsPositive,
  IsString,
  Max,
  Min,
} from '@zooid/spec';

/** Low-rank updates of frozen matrices, merged into them on export (Hu et al. 2021). */
export class LoraTuning {
  /** Rank of every update. Default: 8, or that of the adapter to start from. */
  @IsOptional() @IsInt() @Min(1) @Max(4096) rank?: number;
  /** An update counts `alpha / rank`. Default: 16, or that of the adapter to start from. */
  @IsOptional() @IsNumber() @IsPositive() alpha?: number;
  /** Dropout of what enters an update. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0;
  /** Linear layers of the encoder, by path; `*` stands for anything. Default: query and value, whatever the family calls them. */
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString({ each: true }) targets?: string[];
  /** How A starts; B starts at zero. */
  @IsIn(['kaiming-uniform', 'gaussian']) initializer: 'kaiming-uniform' | 'gaussian' = 'kaiming-uniform';
  /** Also write the update by itself, as PEFT does: `adapter/adapter_model.safetensors` and `adapter_config.json`. */
  @IsBoolean() save = false;
}

/** Bottleneck adapters in every layer, which stay in the model (Houlsby et al. 2019). */
export class AdapterTuning {
  /** Width of the bottleneck. */
  @IsInt() @Min(1) @Max(65_536) size = 64;
}

/** Keys and values that every attention sees before its tokens, which stay in the model (Li and Liang 2021). */
export class PrefixTuning {
  /** Positions. */
  @IsInt() @Min(1) @Max(65_536) length = 10;
  /** Width of the network that makes the prefix during training. */
  @IsInt() @Min(1) @Max(65_536) inner = 512;
  /** Dropout of what enters that network. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0;
}
