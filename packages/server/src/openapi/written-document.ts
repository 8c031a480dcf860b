import type { Endpoints } from '@zooid/kernel';
import type { Examples } from '../routes/app-routes.js';

/**
 * The text of the OpenAPI document, written anew only when what is served has changed: with ten apps that takes
 * milliseconds, in which nobody else is answered.
 *
 * @param describe The document as it is now.
 */
export function writtenDocument(describe: () => object, endpoints: Endpoints, examples: Examples): () => string {
  let described: readonly unknown[] | undefined;
  let text = '';
  return () => {
    const served = whatIsServed(endpoints, examples);
    const isSame = described?.length === served.length && served.every((part, i) => part === described![i]);
    if (!isSame) {
      text = JSON.stringify(describe());
      described = served;
    }
    return text;
  };
}

/** All that the document depends on and that may change while the server runs. */
function whatIsServed(endpoints: Endpoints, examples: Examples): unknown[] {
  return endpoints.list().flatMap((endpoint) => {
    const { name, collections } = endpoint;
    const entries = Object.entries(collections).flatMap(([collection, { body }]) => [collection, body]);
    return [endpoint, endpoints.get(name), examples[name], entries.length, ...entries];
  });
}
