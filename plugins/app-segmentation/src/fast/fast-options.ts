import { ArrayMaxSize, ArrayNotEmpty, IsArray, IsIn, IsInt, IsNumber, Max, Min } from '@zooid/spec';

/** The fast network: what it knows of units, and its size. */
export class FastOptions {
  /** Characters that occur less often in the training texts share one row. */
  @IsInt() @Min(1) characterMinCount = 2;
  /** Pairs of neighbours that occur less often share one row. */
  @IsInt() @Min(1) pairMinCount = 3;
  @IsInt() @Min(0) @Max(1_000_000) maxPairs = 80_000;
  /** Width of all its layers. */
  @IsInt() @Min(4) @Max(1024) size = 96;
  /** Units that each of its convolutions sees at once. */
  @IsArray()
  @ArrayNotEmpty()
  @ArrayMaxSize(8)
  @IsIn([1, 3, 5, 7, 9], { each: true })
  kernels: number[] = [3, 3, 3];
  /** Of its states, in training. */
  @IsNumber() @Min(0) @Max(0.9) dropout = 0.1;
  /** Probability per unit in training of an unknown pair. */
  @IsNumber() @Min(0) @Max(0.9) pairDropout = 0.1;
  /** Probability per unit in training of an unknown character. */
  @IsNumber() @Min(0) @Max(0.9) characterDropout = 0.02;
}
