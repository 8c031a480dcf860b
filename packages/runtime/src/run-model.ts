import type { TensorMap } from '@zooid/tensor';
import { SessionError } from './errors.js';
import { fromResults, InferenceSession, sessionOptions, toFeeds } from './ort.js';

/**
 * Loads a model, runs it once and releases it. Blocks the calling thread while it does; meant for tests and tools.
 *
 * @param model Serialised ONNX, or a path.
 * @param fetch Outputs to return; default: all.
 * @throws SessionError with onnxruntime's error as cause.
 */
export async function runModel(
  model: Uint8Array | string,
  feeds: TensorMap,
  fetch?: readonly string[],
): Promise<TensorMap> {
  let session: InferenceSession | undefined;
  try {
    session = await (typeof model === 'string'
      ? InferenceSession.create(model, sessionOptions(1))
      : InferenceSession.create(model, sessionOptions(1)));
    return fromResults(await session.run(toFeeds(feeds), fetch ?? session.outputNames));
  } catch (error) {
    throw new SessionError(`The model could not be run: ${(error as Error).message}`, { cause: error });
  } finally {
    await session?.release();
  }
}
