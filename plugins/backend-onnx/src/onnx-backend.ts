import { availableParallelism } from 'node:os';
import { AbortError } from '@zooid/common';
import { Graph, writeModel } from '@zooid/onnx';
import { createInferencePool, onnxruntimeVersion, runModel, SessionError } from '@zooid/runtime';
import {
  graphModel,
  inject,
  injectable,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  type RunContext,
} from '@zooid/spec';
import { tensor } from '@zooid/tensor';
import { OnnxBackendConfig } from './config.js';
import { findVariant, variants } from './variants.js';

/** Serves model folders that hold an ONNX graph, on onnxruntime in worker threads. */
@injectable()
export class OnnxBackend implements ModelBackend {
  readonly name = 'onnx';

  constructor(@inject(OnnxBackendConfig) private readonly config: OnnxBackendConfig) {}

  supports({ folder }: ModelArtifacts): boolean {
    return findVariant(folder, this.config.variants) !== undefined;
  }

  /** @throws ModelError when the folder has no such graph; SessionError when onnxruntime refuses it. */
  async load(artifacts: ModelArtifacts, context: RunContext = {}): Promise<Model> {
    AbortError.throwIfAborted(context.signal);
    const { workers, threads, maxQueue } = this.config;
    const model = findVariant(artifacts.folder, this.config.variants);
    if (model === undefined) {
      const files = this.config.variants.map((variant) => `onnx/${variants[variant]}`).join(' or ');
      throw new ModelError(
        artifacts.id,
        `model '${artifacts.id}': ${artifacts.folder} has no ${files}; write one with: zooid export ${artifacts.id}`,
      );
    }
    const pool = await createInferencePool({ model, threads, maxQueue, ...(workers !== undefined && { workers }) });
    if (context.signal?.aborted) {
      await pool[Symbol.asyncDispose]();
      AbortError.throwIfAborted(context.signal);
    }
    return graphModel(artifacts, pool);
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
}
