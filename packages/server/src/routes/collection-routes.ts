import type { Endpoint, Endpoints } from '@zooid/kernel';
import { type Collection, UnknownNameError, validateDto } from '@zooid/spec';
import { RequestError } from '../errors.js';
import { type Call, json, type Reply, type Route } from './route.js';
import { entrySchema } from './schemas.js';

const collectionPath = '/v1/apps/{name}/{collection}';
const entryPath = `${collectionPath}/{entry}`;

/** Collections are large, and check their entries in their own time. */
const maxContainers = 15_000;

/** `/v1/apps/{name}/{collection}`: state of an app that may be replaced while it serves, such as its lexicons. */
export function collectionRoutes(endpoints: Endpoints): Route[] {
  const entryReply = (status: number, description: string) =>
    ({ status, description, type: 'application/json', schema: entrySchema }) as const;
  return [
    {
      method: 'GET',
      path: collectionPath,
      id: 'listEntries',
      summary: 'Entries of a collection, with their versions',
      successes: [
        {
          status: 200,
          description: 'The entries',
          type: 'application/json',
          schema: {
            type: 'object',
            required: ['entries'],
            properties: { entries: { type: 'array', items: entrySchema } },
          },
        },
      ],
      problems: [404, 503],
      handle: (call) => withCollection(endpoints, call, (collection) => json(200, { entries: collection.list() })),
    },
    {
      method: 'GET',
      path: entryPath,
      id: 'getEntry',
      summary: 'Version and size of one entry',
      successes: [entryReply(200, 'The entry')],
      problems: [400, 404, 503],
      handle: (call) => {
        const entry = entryName(call);
        return withCollection(endpoints, call, (collection) => {
          const found = collection.list().find(({ name }) => name === entry);
          if (found === undefined) throw unknownEntry(call);
          return json(200, found);
        });
      },
    },
    {
      method: 'PUT',
      path: entryPath,
      id: 'putEntry',
      summary: 'Creates or replaces an entry; requests in flight keep the version they started with',
      requestSchema: { type: 'object' },
      successes: [entryReply(200, 'Replaced'), entryReply(201, 'Created')],
      problems: [400, 404, 413, 415, 422, 503],
      handle: (call) => put(endpoints, call),
    },
    {
      method: 'DELETE',
      path: entryPath,
      id: 'deleteEntry',
      summary: 'Removes an entry',
      successes: [{ status: 204, description: 'Removed' }],
      problems: [400, 404, 503],
      handle: (call) =>
        withCollection(endpoints, call, async (collection, endpoint) => {
          if (!(await collection.delete(entryName(call)))) throw unknownEntry(call);
          endpoint.keepLoaded();
          return { status: 204 };
        }),
    },
  ];
}

function put(endpoints: Endpoints, call: Call): Promise<Reply> {
  return withCollection(endpoints, call, async (collection, endpoint) => {
    const name = entryName(call);
    const body = validateDto(collection.body, await call.body(maxContainers), 'request');
    const existed = collection.list().some((entry) => entry.name === name);
    const entry = await collection.put(name, body);
    endpoint.keepLoaded();
    return json(existed ? 200 : 201, entry);
  });
}

/** A lazy endpoint is loaded first, and stays loaded until the work is done. */
function withCollection(
  endpoints: Endpoints,
  { parameters, signal }: Call,
  work: (collection: Collection, endpoint: Endpoint) => Promise<Reply> | Reply,
): Promise<Reply> {
  const endpoint = endpoints.get(parameters.name ?? '');
  return endpoint.whileLoaded(
    () => {
      const collections = new Map(Object.entries(endpoint.collections));
      const requested = parameters.collection ?? '';
      const collection = collections.get(requested);
      if (collection === undefined) throw new UnknownNameError('collection', requested, [...collections.keys()]);
      return work(collection, endpoint);
    },
    { signal },
  );
}

/** Entries may become file names and log fields, so control characters, separators and giants stay out. */
function entryName({ parameters }: Call): string {
  const name = parameters.entry ?? '';
  if (!/^[\p{L}\p{M}\p{N}_][\p{L}\p{M}\p{N}_.-]{0,127}$/u.test(name) || name in Object.prototype) {
    throw new RequestError(
      'MALFORMED_URL',
      'An entry name has at most 128 letters, digits, dots, hyphens and underscores, and starts with a letter or digit',
    );
  }
  return name;
}

function unknownEntry({ parameters }: Call): RequestError {
  return new RequestError('ENTRY_NOT_FOUND', `There is no '${parameters.entry}' in ${parameters.collection}`);
}
