import { ArrayNotEmpty, IsBoolean, IsOptional, IsString, MinLength } from '@zooid/spec';

/**
 * The plugin's section of the configuration. What is absent comes from the environment, by the rules of Python's
 * huggingface_hub. There is no key for the token: configuration files are shared, tokens are not.
 */
export class HubStoreConfig {
  /** URL of the Hub or of a mirror; default: `HF_ENDPOINT`. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  endpoint?: string;

  /** Folder of the cache; default: `HF_HUB_CACHE`, or `hub` in `HF_HOME`. */
  @IsOptional()
  @IsString()
  @MinLength(1)
  cache?: string;

  /** Sends nothing; default: `HF_HUB_OFFLINE`. */
  @IsOptional()
  @IsBoolean()
  offline?: boolean;

  /** Patterns of the files that are fetched of a model; default: what serving and training need. */
  @IsOptional()
  @ArrayNotEmpty()
  @IsString({ each: true })
  include?: string[];

  /** Patterns of files that are left out. */
  @IsString({ each: true })
  exclude: string[] = [];
}
