/**
 * The compiled entry file of a worker.
 *
 * @param from `import.meta.url` of the caller. Under a test runner it names a source file, which Node cannot run;
 *   the compiled file beside `src/` is used then, so build first.
 * @param path Relative to `src/`, with the ending `.js`.
 */
export function workerUrl(from: string, path: string): URL {
  const root = new URL(from.replace(/\/(src|dist)\/(?!.*\/(src|dist)\/).*$/, '/'));
  return new URL(`dist/${path}`, root);
}
