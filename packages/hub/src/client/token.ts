import { readFile } from 'node:fs/promises';
import { HubAccessError } from './errors.js';
import { type HubSettings, isHeaderSafe } from './settings.js';

/**
 * The token to use: the one given, else what the token file holds, else none.
 * @throws HubAccessError when the file is there and cannot be used; says nothing of what it holds.
 */
export async function readToken({ token, tokenFile }: HubSettings): Promise<string | undefined> {
  if (token !== undefined) return token;
  let text: string;
  try {
    text = (await readFile(tokenFile, 'utf8')).trim();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new HubAccessError(`the token file ${tokenFile} cannot be read (${code}); correct it or set HF_TOKEN`, {
      cause,
    });
  }
  if (text === '') return undefined;
  if (isHeaderSafe(text)) return text;
  throw new HubAccessError(`the token file ${tokenFile} holds no token; log in again or set HF_TOKEN`);
}
