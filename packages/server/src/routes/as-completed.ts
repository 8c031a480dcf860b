/** What one of several calls came to. */
export interface Completed<T> {
  readonly index: number;
  readonly value: T;
}

/**
 * Calls `run` for 0 … `count` − 1 and yields what comes of it in the order in which it is there. At most `atOnce` are under
 * way or waiting to be taken, so whoever takes slowly slows the work down. Ends only when nothing is under way any more.
 *
 * @throws the first failure; nothing new is begun after it.
 */
export async function* asCompleted<T>(
  count: number,
  run: (index: number) => Promise<T>,
  atOnce: number,
): AsyncGenerator<Completed<T>, void, void> {
  let running = 0;
  let wake: () => void = () => {};
  const ready: Completed<T>[] = [];
  let failure: { readonly error: unknown } | undefined;
  let begun = 0;
  const begin = (index: number) => {
    running++;
    run(index)
      .then(
        (value) => void ready.push({ index, value }),
        (error) => {
          failure ??= { error };
        },
      )
      .finally(() => {
        running--;
        wake();
      });
  };
  const change = () =>
    new Promise<void>((resolve) => {
      wake = resolve;
    });
  try {
    for (;;) {
      while (failure === undefined && begun < count && running + ready.length < atOnce) begin(begun++);
      const next = ready.shift();
      if (next !== undefined) yield next;
      else if (failure !== undefined) throw failure.error;
      else if (running === 0) return;
      else await change();
    }
  } finally {
    while (running > 0) await change();
  }
}
