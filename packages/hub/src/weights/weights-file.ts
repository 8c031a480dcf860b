import type { DType, HostTensor } from '@zooid/tensor';

export type WeightsFormat = 'safetensors' | 'pytorch';

/** A tensor of a weights file, described; its numbers are read when asked for. */
export interface StoredTensor {
  readonly name: string;
  /** Element type in memory. bfloat16 is widened to float32, float16 stays as its bits. */
  readonly dtype: DType;
  readonly dims: readonly number[];
  /** Bytes of its elements as they are stored. */
  readonly sizeBytes: number;
  /**
   * Tensors with equal keys show the same elements in the same order: tied weights of a PyTorch checkpoint. Unique in
   * safetensors, which store tied weights once.
   */
  readonly viewKey: string;
  /**
   * The elements, row-major, in memory of their own.
   * @throws CheckpointError when the file is damaged or was closed.
   */
  read(): Promise<HostTensor>;
}

/** An open weights file; dispose of it to close the file. */
export interface WeightsFile extends AsyncDisposable {
  readonly format: WeightsFormat;
  /** By name, in file order. */
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The file's `__metadata__`; empty for PyTorch checkpoints. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Stored bytes of all tensors, with each memory that several of them share counted once. */
  readonly distinctBytes: number;
}
