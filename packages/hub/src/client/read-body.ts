import { AbortError } from '@zooid/common';
import { HubError } from './errors.js';

/** A body stopped coming. Passes, like any broken connection. */
export class StalledError extends Error {}

/**
 * The chunks of a body, as they come.
 *
 * @throws StalledError when none comes for `idleMs`; AbortError at once when `signal` fires; whatever broke the connection.
 */
export async function* readChunks(
  response: Response,
  idleMs: number,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    for (;;) {
      const { done, value } = await readWithin(reader, idleMs, signal);
      if (done) return;
      yield value;
    }
  } finally {
    // Ends the connection when the reader stops early; a finished body does not mind.
    await reader.cancel().catch(() => {});
  }
}

type Read = Awaited<ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']>>;

function readWithin(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  idleMs: number,
  signal: AbortSignal | undefined,
): Promise<Read> {
  return new Promise<Read>((resolve, reject) => {
    const stop = () => reject(new AbortError(undefined, { cause: signal?.reason }));
    const timer = setTimeout(() => reject(new StalledError(`no byte came for ${idleMs} ms`)), idleMs);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    reader
      .read()
      .then(resolve, reject)
      .finally(() => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', stop);
      });
  });
}

/** A whole body in memory. @throws HubError when it has more than `maxBytes`: no honest answer is that long. */
export async function readWhole(
  response: Response,
  maxBytes: number,
  idleMs: number,
  signal?: AbortSignal,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of readChunks(response, idleMs, signal)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new HubError(`the Hub's answer has more than ${maxBytes} bytes; is HF_ENDPOINT right?`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
