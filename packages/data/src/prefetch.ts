/**
 * Reads up to `count` elements ahead of the consumer, so that reading and consuming overlap. Order, errors and early
 * ends are those of `source`: an error surfaces after the elements before it, and leaving the loop ends `source`.
 */
export async function* prefetch<T>(source: AsyncIterable<T>, count: number): AsyncGenerator<T, void, undefined> {
  const iterator = source[Symbol.asyncIterator]();
  const pending: Promise<IteratorResult<T>>[] = [];
  const request = (): void => {
    const result = iterator.next();
    result.catch(() => {}); // is awaited below, perhaps a while after it was rejected
    pending.push(result);
  };
  let finished = false;
  try {
    for (;;) {
      while (pending.length <= count) request();
      const result = await pending.shift()!;
      if (result.done === true) {
        finished = true;
        return;
      }
      yield result.value;
    }
  } catch (error) {
    finished = true;
    throw error;
  } finally {
    if (!finished) await iterator.return?.();
  }
}
