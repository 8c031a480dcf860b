import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { onnxruntimeVersion, sessionOptions } from '../../ort.js';
import { digestFile } from './digest-file.js';
import type { ModelFile } from './model-files.js';

/** Raised when entries of older versions of this code must not be used. */
const FORMAT = 1;

/**
 * Everything that the layout of prepacked weights depends on: the model's content, the engine and its options, and the
 * processor, whose vector units decide how weights are laid out.
 */
export async function cacheKey(files: readonly ModelFile[]): Promise<string> {
  const content = [];
  for (const { location, path } of files) content.push([location, await digestFile(path)]);
  const parts = [FORMAT, content, onnxruntimeVersion(), sessionOptions(1), process.platform, await processor()];
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** Architecture, name, and where the system tells them the features. */
async function processor(): Promise<readonly string[]> {
  const info = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const features = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info)?.[1] ?? '';
  return [process.arch, cpus()[0]?.model ?? '', features];
}
