import {
  ArrayNotEmpty,
  ArrayUnique,
  IsIn,
  IsInt,
  IsNotEmpty,
  IsNumber,
  IsOptional,
  IsString,
  Max,
  Min,
} from '@zooid/spec';
import { type Variant, variants } from './variants.js';

/** The plugin's section of the configuration. */
export class OnnxBackendConfig {
  /**
   * `throughput`: as many workers as the machine has cores, each on one of them. `latency`: one worker on all cores, which
   * answers one request sooner on a machine that has nothing else to do, and fewer when it is busy.
   */
  @IsIn(['throughput', 'latency'])
  mode: 'throughput' | 'latency' = 'throughput';

  /** Workers with a session of each model; default: what `mode` says. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  workers?: number;

  /** Threads inside one run; default: what `mode` says. */
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  threads?: number;

  /**
   * In order of preference; the first one a model folder has is served. Default: `int8` where an export measured on labelled
   * data that it loses at most 0.2 points, else `fp32`, else `fp16`.
   */
  @IsOptional()
  @ArrayNotEmpty()
  @ArrayUnique()
  @IsIn(Object.keys(variants), { each: true })
  variants?: Variant[];

  /** Forward passes of one model that may wait for a worker; further ones are refused. */
  @IsInt()
  @Min(1)
  maxQueue = 1024;

  /** Longest time in milliseconds for one forward pass; its worker is replaced then. 0: no limit. */
  @IsInt()
  @Min(0)
  runTimeoutMs = 60_000;

  /** Forward passes after which a worker is replaced by a new one; 0: never. */
  @IsInt()
  @Min(0)
  recycleAfterRuns = 0;

  /** Where workers run: threads are cheaper, processes can be ended whatever a model does. */
  @IsIn(['thread', 'process'])
  isolation: 'thread' | 'process' = 'thread';

  /** Ids of models whose workers are processes in any case: those that one does not trust. */
  @ArrayUnique()
  @IsString({ each: true })
  isolate: string[] = [];

  /** Models whose weights all workers share: `auto` means those of at least 32 MB. */
  @IsIn(['auto', 'always', 'never'])
  sharedWeights: 'auto' | 'always' | 'never' = 'auto';

  /**
   * Folder for the copies that shared weights are mapped from; default: `prepacked` in `ZOOID_CACHE`, or in `zooid` in the
   * user's cache folder.
   */
  @IsOptional()
  @IsString()
  @IsNotEmpty()
  prepackedFolder?: string;

  /** What those copies may take together, in GB; those used longest ago go first. */
  @IsNumber()
  @Min(0)
  prepackedGB = 10;
}
