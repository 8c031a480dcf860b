import { type DType, dtypeArrays, type HostTensor, isDType, type Shape, type TensorMap } from '@zooid/tensor';
import { env, InferenceSession, Tensor } from 'onnxruntime-node';

export { InferenceSession, Tensor };

/** Version of the engine in this process: `1.30.0`. */
export function onnxruntimeVersion(): string {
  return env.versions.node ?? env.versions.common;
}

/** A named input or output of a model. */
export interface ValueInfo {
  readonly name: string;
  readonly dtype: DType;
  /** Symbolic dimensions by name; an unnamed one is `''`. */
  readonly shape: Shape;
}

/** The same numbers as an onnxruntime tensor, not copied. */
export function toOrtTensor({ dtype, dims, data }: HostTensor): Tensor {
  return new Tensor(dtype as 'float32', data as Float32Array, dims);
}

/** The same numbers as a host tensor, not copied. @throws TypeError for element types that Zooid does not know. */
export function fromOrtTensor(tensor: Tensor): HostTensor {
  const dtype: string = tensor.type;
  if (!isDType(dtype))
    throw new TypeError(`Expected one of ${Object.keys(dtypeArrays).join(', ')}, got elements of type ${dtype}`);
  const data = tensor.data as ArrayBufferView & { readonly length: number };
  // float16 arrives as Float16Array where the host has one; we carry its bits.
  return {
    dtype,
    dims: tensor.dims,
    data: new dtypeArrays[dtype](data.buffer, data.byteOffset, data.length),
  } as HostTensor;
}

export function toFeeds(tensors: TensorMap): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, toOrtTensor(tensor)]));
}

export function fromResults(results: Readonly<Record<string, unknown>>): TensorMap {
  return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, fromOrtTensor(tensor as Tensor)]));
}

/** Tensor-valued inputs or outputs of a session, in model order. */
export function describeValues(metadata: readonly InferenceSession.ValueMetadata[]): ValueInfo[] {
  return metadata.flatMap((value) => {
    if (!value.isTensor || !isDType(value.type)) return [];
    return [{ name: value.name, dtype: value.type, shape: value.shape.map((dim) => (dim === undefined ? '' : dim)) }];
  });
}

/**
 * Options shared by every session.
 *
 * SkipLayerNormFusion is off because the fused kernel is a slow one on CPU: 9.6 ms where separate Add and
 * LayerNormalization take 3.5. Threads spin for 100 µs between operators and then sleep: as fast as spinning on where the
 * machine is idle, twice as fast where it is not (docs/decisions/004).
 *
 * @param optimize Whether onnxruntime rewrites the graph; without, it runs every operator as it stands.
 */
export function sessionOptions(threads: number, optimize = true): InferenceSession.SessionOptions {
  return {
    executionProviders: ['cpu'],
    graphOptimizationLevel: optimize ? 'all' : 'disabled',
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    // Fatal only: onnxruntime logs straight to stderr, which belongs to the application, and its errors are thrown too.
    logSeverityLevel: 4,
    extra: {
      optimization: { disable_specified_optimizers: 'SkipLayerNormFusion' },
      session: { intra_op: { spin_duration_us: '100' } },
    },
  };
}

/**
 * Options of a session that writes an optimised copy of its model whose weights lie as the kernels want them, so that
 * sessions of the copy map them and share them. The copy fits the engine and processor that made it.
 */
export function prepackingOptions(copy: {
  /** Path of the graph to write. */
  readonly graph: string;
  /** Name of the file beside it that takes the weights. */
  readonly weightsFile: string;
}): InferenceSession.SessionOptions {
  const options = sessionOptions(1);
  const { session, ...extra } = options.extra as { readonly session: object };
  return {
    ...options,
    optimizedModelFilePath: copy.graph,
    extra: {
      ...extra,
      session: {
        ...session,
        save_external_prepacked_constant_initializers: '1',
        optimized_model_external_initializers_file_name: copy.weightsFile,
        optimized_model_external_initializers_min_size_in_bytes: '1024',
      },
    },
  };
}
