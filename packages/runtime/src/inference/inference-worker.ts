import type { TensorMap } from '@zooid/tensor';
import { SessionError } from '../errors.js';
import { describeValues, fromResults, InferenceSession, sessionOptions, toFeeds, type ValueInfo } from '../ort.js';
import { type Answer, serveWorker } from '../workers/serve-worker.js';
import { buffersOf } from '../workers/transfer.js';

export interface OpenRequest {
  readonly model: string;
  readonly threads: number;
}

export interface ModelSignature {
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
}

export interface RunRequest {
  readonly feeds: TensorMap;
  /** Default: all. */
  readonly outputs: readonly string[] | undefined;
}

let session: InferenceSession | undefined;

serveWorker({
  async open({ model, threads }: OpenRequest): Promise<Answer> {
    session = await InferenceSession.create(model, sessionOptions(threads));
    const signature: ModelSignature = {
      inputs: describeValues(session.inputMetadata),
      outputs: describeValues(session.outputMetadata),
    };
    return { value: signature };
  },
  async run({ feeds, outputs }: RunRequest): Promise<Answer> {
    if (session === undefined) throw new SessionError('The model was not opened');
    const value = fromResults(await session.run(toFeeds(feeds), outputs ?? session.outputNames));
    return { value, transfer: buffersOf(value) };
  },
  async dispose(): Promise<Answer> {
    await session?.release();
    return { value: undefined };
  },
});
