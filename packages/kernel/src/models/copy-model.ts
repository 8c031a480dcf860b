import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AbortError, ValidationError } from '@zooid/common';
import type { ModelArtifacts, RunContext } from '@zooid/spec';

/**
 * Copies the files of a model into a new or empty folder, what links point to included; leaves out checkpoints and hidden
 * files.
 *
 * @throws ValidationError when the folder holds something or is none.
 */
export async function copyModel(
  artifacts: ModelArtifacts,
  target: string,
  { signal }: RunContext,
): Promise<ModelArtifacts> {
  const entries = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw refuseOutput(`${target} ${error.code === 'ENOTDIR' ? 'is a file' : `cannot be used: ${error.message}`}`);
  });
  if (entries.length > 0) throw refuseOutput(`${target} holds something already; name a new folder`);
  for (const entry of await readdir(artifacts.folder)) {
    AbortError.throwIfAborted(signal);
    if (entry === 'run' || entry.startsWith('.')) continue;
    await cp(join(artifacts.folder, entry), join(target, entry), { recursive: true, dereference: true });
  }
  return { ...artifacts, folder: target, readOnly: false };
}

const refuseOutput = (message: string): ValidationError =>
  new ValidationError('export', [{ path: '/output', message }]);
