import { ArrayNotEmpty, IsString, MinLength } from '@zooid/spec';

/** The plugin's section of the configuration. */
export class LocalStoreConfig {
  /** Folders searched for models, in this order; relative ones count from the working directory of the process. */
  @ArrayNotEmpty()
  @IsString({ each: true })
  @MinLength(1, { each: true })
  roots: string[] = ['modelzoo'];
}
