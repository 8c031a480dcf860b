import { availableParallelism } from 'node:os';
import { AbortError } from '@zooid/common';
import { Graph, writeModel } from '@zooid/onnx';
import { createInferencePool, onnxruntimeVersion, runModel, SessionError } from '@zooid/runtime';
import {
  type FoundVariants,
  graphModel,
  inject,
  injectable,
  type LoadContext,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import { tensor } from '@zooid/tensor';
import { OnnxBackendConfig } from './config.js';
import { compareVariants, exportVariants } from './export/export-variants.js';
import { findVariant, findVariants, isVariant, type Variant, variants } from './variants.js';

/** Serves model folders that hold an ONNX graph, on onnxruntime in worker threads. */
@injectable()
export class OnnxBackend implements ModelBackend {
  readonly name = 'onnx';
  readonly variants = Object.keys(variants);

  constructor(@inject(OnnxBackendConfig) private readonly config: OnnxBackendConfig) {}

  supports({ folder }: ModelArtifacts): boolean {
    return findVariant(folder, this.config.variants) !== undefined;
  }

  /**
   * @throws ModelError when the folder has no such graph; UnknownNameError for a variant that there is not; SessionError
   * when onnxruntime refuses the graph.
   */
  async load(artifacts: ModelArtifacts, context: LoadContext = {}): Promise<Model> {
    AbortError.throwIfAborted(context.signal);
    const { workers = this.config.workers, threads = this.config.threads, optimize = true } = context;
    const { maxQueue } = this.config;
    const preferred = this.preferred(context.variant);
    const model = findVariant(artifacts.folder, preferred);
    if (model === undefined) {
      const files = preferred.map((variant) => `onnx/${variants[variant]}`).join(' or ');
      throw new ModelError(
        artifacts.id,
        `model '${artifacts.id}': ${artifacts.folder} has no ${files}; write one with: zooid export ${artifacts.id}`,
      );
    }
    const pool = await createInferencePool({
      model,
      threads,
      optimize,
      maxQueue,
      ...(workers !== undefined && { workers }),
    });
    if (context.signal?.aborted) {
      await pool[Symbol.asyncDispose]();
      AbortError.throwIfAborted(context.signal);
    }
    return graphModel(artifacts, pool);
  }

  findVariants({ folder }: ModelArtifacts): FoundVariants {
    return findVariants(folder);
  }

  exportVariants(artifacts: ModelArtifacts, request: VariantRequest): Promise<readonly VariantReport[]> {
    return exportVariants(artifacts, request);
  }

  compareVariants(artifacts: ModelArtifacts, request: VariantRequest): Promise<readonly VariantReport[]> {
    return compareVariants(artifacts, request);
  }

  /** Runs a graph of one addition. @throws SessionError when the engine is missing, or gives a wrong sum. */
  async check(): Promise<string> {
    const graph = new Graph();
    const x = graph.input('x', 'float32', [1]);
    graph.output(x.add(x), 'twice');
    const { twice } = await runModel(writeModel(graph), { x: tensor('float32', [21]) });
    if (twice?.data[0] !== 42) throw new SessionError(`21 + 21 should be 42, onnxruntime says ${twice?.data[0]}`);
    return `onnxruntime ${onnxruntimeVersion()}, cpu, ${this.config.workers ?? availableParallelism()} workers a model`;
  }

  private preferred(variant: string | undefined): readonly Variant[] {
    if (variant === undefined) return this.config.variants;
    if (!isVariant(variant)) throw new UnknownNameError('variant', variant, this.variants);
    return [variant];
  }
}
