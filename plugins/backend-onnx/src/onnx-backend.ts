import { relative } from 'node:path';
import { AbortError } from '@zooid/common';
import { Graph, writeModel } from '@zooid/onnx';
import { createInferencePool, onnxruntimeVersion, poolSize, runModel, SessionError } from '@zooid/runtime';
import {
  type FoundVariants,
  graphModel,
  HostEnvironment,
  inject,
  injectable,
  type LoadContext,
  Logger,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  refuseUnlisted,
  UnknownNameError,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import { tensor } from '@zooid/tensor';
import { OnnxBackendConfig } from './config.js';
import { compareVariants, exportVariants } from './export/export-variants.js';
import { poolOptions } from './pool-options.js';
import { usualVariants } from './usual-variants.js';
import { findVariant, findVariants, isVariant, type Variant, variants } from './variants.js';

/** Serves model folders that hold an ONNX graph, on onnxruntime in workers. */
@injectable()
export class OnnxBackend implements ModelBackend {
  readonly name = 'onnx';
  readonly variants = Object.keys(variants);

  constructor(
    @inject(OnnxBackendConfig) private readonly config: OnnxBackendConfig,
    @inject(HostEnvironment) private readonly environment: HostEnvironment,
    @inject(Logger) private readonly logger: Logger,
  ) {}

  supports(artifacts: ModelArtifacts): boolean {
    return findVariant(artifacts.folder, this.preferred(artifacts)) !== undefined;
  }

  misfit(artifacts: ModelArtifacts): string | undefined {
    return this.supports(artifacts) ? undefined : missingFiles(artifacts, this.preferred(artifacts));
  }

  /**
   * @throws ModelError when the folder has no such graph; UnknownNameError for a variant that there is not; SessionError
   * when onnxruntime refuses the graph, RunTimeoutError when it does not come to an end.
   */
  async load(artifacts: ModelArtifacts, context: LoadContext = {}): Promise<Model> {
    AbortError.throwIfAborted(context.signal);
    const preferred = this.preferred(artifacts, context.variant);
    const file = findVariant(artifacts.folder, preferred);
    if (file === undefined) {
      throw new ModelError(artifacts.id, `model '${artifacts.id}': ${missingFiles(artifacts, preferred)}`);
    }
    refuseUnlisted(artifacts, relative(artifacts.folder, file).replaceAll('\\', '/'));
    const { config, environment, logger } = this;
    const options = poolOptions(config, { environment, logger }, { id: artifacts.id, file, context });
    const pool = await createInferencePool(options);
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
    const { workers, threads } = poolSize(this.config);
    return `onnxruntime ${onnxruntimeVersion()}, cpu, ${workers} workers a model, ${threads} threads each`;
  }

  private preferred(artifacts: ModelArtifacts, variant?: string): readonly Variant[] {
    if (variant === undefined) return this.config.variants ?? usualVariants(artifacts);
    if (!isVariant(variant)) throw new UnknownNameError('variant', variant, this.variants);
    return [variant];
  }
}

function missingFiles({ id, folder }: ModelArtifacts, preferred: readonly Variant[]): string {
  const files = preferred.map((variant) => `onnx/${variants[variant]}`).join(' or ');
  return `${folder} has no ${files}; write one with: zooid export ${id}`;
}
