import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import { copyForTransfer } from '../workers/transfer.js';
import { WorkerClient } from '../workers/worker-client.js';
import { workerUrl } from '../workers/worker-url.js';
import type { ModelSignature, OpenRequest, RunRequest } from './inference-worker.js';

/** A worker thread with one inference session. */
export class InferenceWorker {
  private readonly client: WorkerClient;
  /** Resolves when the model is loaded. */
  readonly ready: Promise<ModelSignature>;

  constructor(request: OpenRequest) {
    this.client = new WorkerClient(workerUrl(import.meta.url, 'inference/inference-worker.js'), 'inference');
    this.ready = this.client.call<ModelSignature>('open', request).catch((cause: Error) => {
      throw new SessionError(`The model ${request.model} could not be loaded: ${cause.message}`, { cause });
    });
    // Several workers load at once; the pool reports the first failure, the others must not count as unhandled.
    this.ready.catch(() => {});
  }

  get alive(): boolean {
    return this.client.alive;
  }

  get exited(): Promise<void> {
    return this.client.exited;
  }

  run(feeds: TensorMap, outputs: readonly string[] | undefined): Promise<TensorMap> {
    const transfer: ArrayBuffer[] = [];
    const request: RunRequest = { feeds: copyForTransfer(feeds, transfer), outputs };
    return this.client.call('run', request, transfer);
  }

  dispose(): Promise<void> {
    return this.client.dispose();
  }
}
