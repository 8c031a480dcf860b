import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TokenizerError } from './errors.js';

/** Ten times the largest tokenizer file in common use. */
const maxFileBytes = 256 * 1024 * 1024;

/** A JSON file of a folder, or `undefined` when there is no such file. */
export async function readJson(folder: string, name: string): Promise<unknown> {
  const text = await readText(folder, name);
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text.replace(/^\ufeff/, '')) as unknown;
  } catch (cause) {
    throw new TokenizerError(join(folder, name), 'is not JSON; the download may have been cut off', { cause });
  }
}

/** The file's text, or `undefined` when there is no such file. */
export async function readText(folder: string, name: string): Promise<string | undefined> {
  const bytes = await readBytes(folder, name);
  if (bytes === undefined) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TokenizerError(join(folder, name), 'is not UTF-8; convert it', { cause });
  }
}

/** The file's bytes, or `undefined` when there is no such file. */
export async function readBytes(folder: string, name: string): Promise<Buffer | undefined> {
  const path = join(folder, name);
  try {
    const { size } = await stat(path);
    if (size > maxFileBytes) {
      throw new TokenizerError(path, `has ${size} bytes, at most ${maxFileBytes} are read; is this a tokenizer file?`);
    }
    return await readFile(path);
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return undefined;
    if (cause instanceof TokenizerError) throw cause;
    throw new TokenizerError(path, 'cannot be read', { cause });
  }
}
