import { AbortError } from '@zooid/common';

/** Runs `work` on all items, `limit` at a time. The first failure stops the others, and is what is thrown once they have ended. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  signal: AbortSignal | undefined,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const onAbort = () => stop.abort(signal?.reason);
  signal?.addEventListener('abort', onAbort, { once: true });
  const queue = [...items];
  let failure: { readonly error: unknown } | undefined;
  const lane = async () => {
    for (let item = queue.shift(); item !== undefined && failure === undefined; item = queue.shift()) {
      try {
        AbortError.throwIfAborted(signal);
        await work(item, stop.signal);
      } catch (error) {
        failure ??= { error };
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  signal?.removeEventListener('abort', onAbort);
  if (failure !== undefined) throw failure.error;
}
