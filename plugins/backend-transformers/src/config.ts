import { IsIn, IsInt, IsNotEmpty, IsOptional, IsString, Max, Min } from '@zooid/spec';

/** The plugin's section of the configuration. */
export class TransformersBackendConfig {
  /** Threads with a session of each model; default: the machine's cores. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  workers?: number;

  /** Threads inside one run; see `backend-onnx`. */
  @IsInt()
  @Min(1)
  @Max(256)
  threads = 1;

  /** Forward passes of one model that may wait for a worker; further ones are refused. */
  @IsInt()
  @Min(1)
  maxQueue = 1024;

  /** Models whose weights all workers share: `auto` means those of at least 32 MB. */
  @IsIn(['auto', 'always', 'never'])
  sharedWeights: 'auto' | 'always' | 'never' = 'auto';

  /**
   * Folder for the graphs of loaded models, each as large as its float32 weights, three times that where they are shared,
   * and removed with the model; default: the system's folder for temporary files.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  scratch?: string;
}
