import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { AbortError } from '@zooid/common';
import { modelWeightsFiles } from '@zooid/hub';
import { isPretrainedModel } from '@zooid/nn';
import { createInferencePool, type InferencePool } from '@zooid/runtime';
import {
  graphModel,
  inject,
  injectable,
  Logger,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  type RunContext,
  refuseUnlisted,
} from '@zooid/spec';
import { TransformersBackendConfig } from './config.js';
import { exportNetwork, graphFile } from './export-network.js';
import { openNetwork } from './open-network.js';
import { writeNetwork } from './write-network.js';

/** Serves folders with a `config.json` and weights, by building the graph that they describe. */
@injectable()
export class TransformersBackend implements ModelBackend {
  readonly name = 'transformers';

  constructor(
    @inject(TransformersBackendConfig) private readonly config: TransformersBackendConfig,
    @inject(Logger) private readonly logger: Logger,
  ) {}

  supports({ config, folder }: ModelArtifacts): boolean {
    return isPretrainedModel(config) && modelWeightsFiles.some((file) => existsSync(join(folder, file)));
  }

  /**
   * @throws ValidationError naming what config and weights disagree on; CheckpointError for weights that cannot be read
   * or hold NaN; ModelError when the graph cannot be written; SessionError when onnxruntime refuses it.
   */
  async load(artifacts: ModelArtifacts, { signal }: RunContext = {}): Promise<Model> {
    AbortError.throwIfAborted(signal);
    const weights = modelWeightsFiles.find((file) => existsSync(join(artifacts.folder, file)));
    if (weights !== undefined) refuseUnlisted(artifacts, weights);
    const scratch = await this.makeScratch(artifacts.id);
    const removeScratch = () => rm(scratch, { recursive: true, force: true });
    try {
      const pool = await this.open(artifacts, scratch, signal);
      return graphModel(artifacts, {
        inputs: pool.inputs,
        outputs: pool.outputs,
        concurrency: pool.concurrency,
        memoryBytes: pool.memoryBytes,
        stats: () => pool.stats(),
        run: (inputs, options) => pool.run(inputs, options),
        async [Symbol.asyncDispose]() {
          await pool[Symbol.asyncDispose]();
          await removeScratch();
        },
      });
    } catch (error) {
      await removeScratch();
      throw error;
    }
  }

  async exportGraph(artifacts: ModelArtifacts, context: RunContext = {}): Promise<void> {
    if (artifacts.readOnly === true) {
      throw new ModelError(
        artifacts.id,
        `model '${artifacts.id}': ${artifacts.folder} is shared with other programs and must not be written to; copy the folder and export the copy`,
      );
    }
    await exportNetwork(artifacts, context);
  }

  private async open(artifacts: ModelArtifacts, scratch: string, signal?: AbortSignal): Promise<InferencePool> {
    const { workers, threads, maxQueue, sharedWeights: mode } = this.config;
    const context = signal === undefined ? {} : { signal };
    await using network = await openNetwork(artifacts, context);
    const model = await writeNetwork(network, { folder: scratch, name: graphFile }, context).catch((cause) => {
      if (!isFileSystemError(cause)) throw cause;
      throw new ModelError(
        artifacts.id,
        `model '${artifacts.id}': its graph cannot be written to ${scratch} (${cause.message}); make room there, or set 'scratch' of backend-transformers to another folder`,
        { cause },
      );
    });
    const pool = await createInferencePool({
      model,
      threads,
      maxQueue,
      // The copy is of this load alone, and goes with it.
      sharedWeights: { mode, folder: join(scratch, 'prepacked') },
      onEvent: (event) => {
        if (event.kind !== 'weights-not-shared') return;
        this.logger.warn(
          { model: artifacts.id, reason: event.reason },
          'every worker keeps its own copy of the weights',
        );
      },
      ...(workers !== undefined && { workers }),
    });
    if (signal?.aborted) {
      await pool[Symbol.asyncDispose]();
      AbortError.throwIfAborted(signal);
    }
    return pool;
  }

  private async makeScratch(id: string): Promise<string> {
    const parent = resolve(this.config.scratch ?? tmpdir());
    try {
      await mkdir(parent, { recursive: true });
      return await mkdtemp(join(parent, 'zooid-graph-'));
    } catch (cause) {
      throw new ModelError(
        id,
        `model '${id}': no folder for its graph can be made in ${parent}; set 'scratch' of backend-transformers to a folder that can be written to`,
        { cause },
      );
    }
  }
}

function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}
