import { ArrayNotEmpty, ArrayUnique, IsIn, IsInt, IsOptional, Max, Min } from '@zooid/spec';
import { type Variant, variants } from './variants.js';

/** The plugin's section of the configuration. */
export class OnnxBackendConfig {
  /** Threads with a session of each model; default: the machine's cores. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  workers?: number;

  /**
   * Threads inside one run. One gives the best throughput when all workers are busy; with `workers: 1`, the number of
   * cores gives the shortest answer on an idle machine.
   */
  @IsInt()
  @Min(1)
  @Max(256)
  threads = 1;

  /** In order of preference; the first one a model folder has is served. A folder may ship `fp16` alone: half the size. */
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(Object.keys(variants), { each: true })
  variants: Variant[] = ['fp32', 'fp16'];

  /** Forward passes of one model that may wait for a worker; further ones are refused. */
  @IsInt()
  @Min(1)
  maxQueue = 1024;
}
