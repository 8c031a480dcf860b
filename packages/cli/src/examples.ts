import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Endpoint, Kernel } from '@zooid/kernel';

/**
 * An input that the endpoint's model is known to answer: the first of the golden cases its manifest names. `undefined`
 * when it names none, or they cannot be read: an example is a courtesy, and serving must not depend on it.
 */
export async function exampleOf(kernel: Kernel, endpoint: Endpoint): Promise<unknown> {
  try {
    const { folder, manifest } = await kernel.models.resolve(endpoint.reference);
    if (typeof manifest?.golden !== 'string') return undefined;
    const cases = JSON.parse(await readFile(join(folder, manifest.golden), 'utf8')) as { input?: unknown }[];
    const input = cases[0]?.input;
    endpoint.parse(input);
    return isTextOnly(input) ? input.text : input;
  } catch {
    return undefined;
  }
}

/** `{text}` alone is what a plain string stands for. */
function isTextOnly(input: unknown): input is { readonly text: string } {
  return typeof input === 'object' && input !== null && Object.keys(input).join() === 'text';
}
