import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createInferencePool, type InferencePool } from '@zooid/runtime';
import { graphModel, type Model, type ModelArtifacts, type RunContext } from '@zooid/spec';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { type SourceVariant, variants } from '../variants.js';

/** Answers above this many bytes are not kept, but computed again for every form. */
const MAX_KEPT_BYTES = 256 * 2 ** 20;

/**
 * The source graph, run operator by operator without any optimisation, as what all other forms are measured against. It
 * answers each forward pass once, however many forms are compared on it.
 */
export class Reference implements AsyncDisposable {
  /** For apps: answers as the source does. */
  readonly model: Model;
  private readonly answers = new Map<string, TensorMap>();
  private keptBytes = 0;

  private constructor(
    artifacts: ModelArtifacts,
    private readonly pool: InferencePool,
  ) {
    this.model = graphModel(artifacts, {
      inputs: pool.inputs,
      outputs: pool.outputs,
      run: (feeds, { outputs, signal }) => this.answer(feeds, outputs, signal === undefined ? {} : { signal }),
      async [Symbol.asyncDispose]() {},
    });
  }

  /** @throws SessionError when onnxruntime refuses the graph. */
  static async open(artifacts: ModelArtifacts, variant: SourceVariant): Promise<Reference> {
    const model = join(artifacts.folder, 'onnx', variants[variant]);
    return new Reference(artifacts, await createInferencePool({ model, workers: 1, optimize: false, runTimeoutMs: 0 }));
  }

  /** @throws SessionError when the graph does not take these inputs. */
  async answer(feeds: TensorMap, outputs: readonly string[] | undefined, context: RunContext): Promise<TensorMap> {
    const key = digest(feeds, outputs);
    const known = this.answers.get(key);
    if (known !== undefined) return known;
    const answer = await this.pool.run(feeds, { ...context, ...(outputs !== undefined && { outputs }) });
    const bytes = Object.values(answer).reduce((sum, { data }) => sum + data.byteLength, 0);
    if (this.keptBytes + bytes <= MAX_KEPT_BYTES) {
      this.keptBytes += bytes;
      this.answers.set(key, answer);
    }
    return answer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.pool[Symbol.asyncDispose]();
  }
}

function digest(feeds: TensorMap, outputs: readonly string[] | undefined): string {
  const hash = createHash('sha1').update(JSON.stringify(outputs ?? null));
  for (const [name, { dtype, dims, data }] of Object.entries(feeds).sort(byName)) {
    hash.update(JSON.stringify([name, dtype, dims]));
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest('base64');
}

const byName = ([a]: [string, HostTensor], [b]: [string, HostTensor]): number => (a < b ? -1 : a > b ? 1 : 0);
