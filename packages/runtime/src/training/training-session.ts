import { availableParallelism, totalmem } from 'node:os';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import type {
  StepRequest,
  StepResult,
  TrainingProgram,
  TrainingSession,
  TrainingSessionOptions,
  TrainingState,
} from '../training-program.js';
import { copy, copyForTransfer } from '../workers/transfer.js';
import { WorkerClient } from '../workers/worker-client.js';
import { workerUrl } from '../workers/worker-url.js';
import type { EngineOptions } from './training-engine.js';

/**
 * Starts a worker thread that holds the parameters and the programs, and trains there. Buffers given to the session
 * are copied, never detached.
 *
 * @throws SessionError when a program does not load or does not fit the parameters; nothing is left running then.
 */
export async function createTrainingSession(options: TrainingSessionOptions): Promise<TrainingSession> {
  const { optimizer, seed, threads = availableParallelism(), idleProgramBytes = totalmem() / 4 } = options;
  const client = new WorkerClient(workerUrl(import.meta.url, 'training/training-worker.js'), 'training session');
  const session = new WorkerTrainingSession(client);
  try {
    const parameters = options.parameters.map(({ name, shape, group }) => ({
      name,
      shape: [...shape],
      ...(group !== undefined && { group }),
    }));
    await client.call('open', { parameters, optimizer, threads, seed, idleProgramBytes } satisfies EngineOptions);
    for (const parameter of options.parameters) {
      // One after the other, so that at most one copy is on the way: large models fill half of the memory already.
      const data = copy(parameter.data);
      await client.call('loadParameter', { name: parameter.name, data }, [data.buffer]);
    }
    for (const program of options.programs) await session.addProgram(program);
    return session;
  } catch (error) {
    await client.dispose();
    throw error;
  }
}

class WorkerTrainingSession implements TrainingSession {
  constructor(private readonly client: WorkerClient) {}

  async step(request: StepRequest): Promise<StepResult> {
    const transfer: ArrayBuffer[] = [];
    const microBatches = request.microBatches.map(({ program, feeds, weight }) => ({
      program,
      weight,
      feeds: copyForTransfer(feeds, transfer),
    }));
    return this.client.call('step', { ...request, microBatches } satisfies StepRequest, transfer);
  }

  async evaluate(program: string, feeds: TensorMap, fetch: readonly string[]): Promise<TensorMap> {
    const transfer: ArrayBuffer[] = [];
    return this.client.call('evaluate', { program, feeds: copyForTransfer(feeds, transfer), fetch }, transfer);
  }

  async gradients(
    program: string,
    feeds: TensorMap,
    step: number,
  ): Promise<{ loss: number; gradients: ReadonlyMap<string, HostTensor<'float32'>> }> {
    const transfer: ArrayBuffer[] = [];
    return this.client.call('gradients', { program, feeds: copyForTransfer(feeds, transfer), step }, transfer);
  }

  async addProgram(program: TrainingProgram): Promise<void> {
    if (!(program.model instanceof Uint8Array)) return this.client.call('addProgram', program);
    const model = copy(program.model);
    return this.client.call('addProgram', { ...program, model }, [model.buffer]);
  }

  async exportState({ moments = true }: { readonly moments?: boolean } = {}): Promise<TrainingState> {
    return this.client.call('exportState', { moments });
  }

  async importState(state: TrainingState): Promise<void> {
    return this.client.call('importState', state);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    return this.client.dispose();
  }
}
