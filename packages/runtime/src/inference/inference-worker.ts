import { SessionError } from '../errors.js';
import { describeValues, fromResults, InferenceSession, sessionOptions, toFeeds } from '../ort.js';
import { packOwned, unpack } from '../workers/packed-tensors.js';
import { type Answer, serveWorker } from '../workers/serve-worker.js';
import type { ModelSignature } from './pool-worker.js';
import { RunClaims } from './run-claims.js';
import { modelFiles } from './shared-weights/model-files.js';
import { assertUnchanged, type SharedModel } from './shared-weights/shared-model.js';
import { warmUpFeeds } from './warm-up.js';

export interface OpenRequest {
  /** Absolute path. */
  readonly model: string;
  readonly threads: number;
  /** Whether onnxruntime may rewrite the graph. */
  readonly optimize: boolean;
  /** The same model with weights that workers share; the plain one is loaded when it is not as it was verified. */
  readonly shared: SharedModel | undefined;
  /** Memory of {@link RunClaims}; processes have none in common. */
  readonly claims: SharedArrayBuffer | undefined;
}

export interface OpenReply extends ModelSignature {
  /** Why the weights are not shared although they were to be. */
  readonly notice: string | undefined;
}

/** A list, as it is cheaper to clone: place in the claims, outputs to fetch (default: all), packed feeds. */
export type RunRequest = readonly [
  place: number,
  outputs: readonly string[] | undefined,
  layout: string,
  buffers: readonly ArrayBuffer[],
];

/** `undefined` for a run that was withdrawn. */
export type RunReply = readonly [layout: string, buffers: readonly ArrayBuffer[]] | undefined;

let session: InferenceSession | undefined;
let claims: RunClaims | undefined;

function opened(): InferenceSession {
  if (session === undefined) throw new SessionError('The model was not opened');
  return session;
}

async function openShared(shared: SharedModel, threads: number): Promise<InferenceSession> {
  await assertUnchanged(shared);
  return InferenceSession.create(shared.model, sessionOptions(threads));
}

serveWorker({
  async open({ model, threads, optimize, shared, claims: memory }: OpenRequest): Promise<Answer> {
    let notice: string | undefined;
    if (shared !== undefined) {
      session = await openShared(shared, threads).catch((error: Error) => {
        notice = error.message;
        return undefined;
      });
    }
    const sharedWeights = session !== undefined;
    session ??= await InferenceSession.create(model, sessionOptions(threads, optimize));
    if (memory !== undefined) claims = new RunClaims(memory);
    const value: OpenReply = {
      inputs: describeValues(session.inputMetadata),
      outputs: describeValues(session.outputMetadata),
      fileBytes: (sharedWeights ? shared!.files : modelFiles(model)).reduce((sum, { bytes }) => sum + bytes, 0),
      sharedWeights,
      notice,
    };
    return { value };
  },
  async warmUp(): Promise<Answer> {
    const feeds = warmUpFeeds(describeValues(opened().inputMetadata));
    if (feeds !== undefined) await opened().run(toFeeds(feeds));
    return { value: undefined };
  },
  run([place, outputs, layout, buffers]: RunRequest): Answer | Promise<Answer> {
    const running = opened();
    if (claims !== undefined && !claims.begin(place)) return { value: undefined satisfies RunReply };
    const feeds = toFeeds(unpack({ layout, buffers }));
    return running.run(feeds, outputs ?? running.outputNames).then((results) => {
      const packed = packOwned(fromResults(results));
      return { value: [packed.layout, packed.buffers] satisfies RunReply, transfer: packed.transfer };
    });
  },
  async dispose(): Promise<Answer> {
    await session?.release();
    return { value: undefined };
  },
});
