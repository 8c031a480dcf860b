import { IsArray, IsInt, IsObject, IsOptional, IsString, Min, MinLength, Type, ValidateNested } from '@zooid/spec';

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

  /** Served name → model. */
  @IsOptional()
  @IsObject()
  endpoints?: Record<string, string | EndpointSection>;

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

  /** Passed on as it is; the server checks it with its own class. */
  @IsOptional()
  @IsObject()
  server?: Record<string, unknown>;
}
