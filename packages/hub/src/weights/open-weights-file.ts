import { CheckpointError } from '../errors.js';
import { type ByteSource, openByteSource } from './byte-source.js';
import { openSafetensors } from './safetensors-file.js';
import { openTorchFile } from './torch/torch-file.js';
import type { WeightsFile } from './weights-file.js';

/**
 * Opens one weights file of any kind that is read here: safetensors, or a PyTorch checkpoint (through the restricted
 * unpickler). Its content decides which, not its name.
 *
 * @throws CheckpointError when it is missing, damaged, of another kind, or a pickle that asks for more than tensors.
 */
export async function openWeightsFile(path: string): Promise<WeightsFile> {
  const source = await openByteSource(path);
  try {
    return await openSource(source);
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

/** @see openWeightsFile */
export async function openSource(source: ByteSource): Promise<WeightsFile> {
  const head = new TextDecoder('latin1').decode(await source.read(0, Math.min(512, source.size)));
  // A safetensors file has its header's `{` after eight bytes of length, where neither a zip nor a pickle has one.
  if (head[8] === '{') return openSafetensors(source);
  if (head.startsWith('PK\u0003\u0004') || head.startsWith('\u0080')) return openTorchFile(source);
  if (head.startsWith('version https://git-lfs')) {
    throw new CheckpointError(
      `${source.subject}: is a pointer of Git LFS, not the weights; run \`git lfs pull\` in its folder`,
    );
  }
  if (head.slice(257, 262) === 'ustar') {
    throw new CheckpointError(
      `${source.subject}: is a tar checkpoint of PyTorch before 0.4; load and save it with a newer PyTorch`,
    );
  }
  // Neither: let the stricter reader say what it misses.
  return openSafetensors(source);
}
