import type { Endpoints } from '@zooid/kernel';
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
      problems: [404],
      handle: (call) => json(200, { entries: collectionOf(endpoints, call).list() }),
    },
    {
      method: 'GET',
      path: entryPath,
      id: 'getEntry',
      summary: 'Version and size of one entry',
      successes: [entryReply(200, 'The entry')],
      problems: [400, 404],
      handle: (call) => {
        const entry = entryName(call);
        const found = collectionOf(endpoints, call)
          .list()
          .find(({ name }) => name === entry);
        if (found === undefined) throw unknownEntry(call);
        return json(200, found);
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
      handle: async (call) => {
        const removed = await collectionOf(endpoints, call).delete(entryName(call));
        if (!removed) throw unknownEntry(call);
        return { status: 204 };
      },
    },
  ];
}

async function put(endpoints: Endpoints, call: Call): Promise<Reply> {
  const collection = collectionOf(endpoints, call);
  const name = entryName(call);
  const body = validateDto(collection.body, await call.body(maxContainers), 'request');
  const existed = collection.list().some((entry) => entry.name === name);
  return json(existed ? 200 : 201, await collection.put(name, body));
}

function collectionOf(endpoints: Endpoints, { parameters }: Call): Collection {
  const collections = new Map(Object.entries(endpoints.get(parameters.name ?? '').collections));
  const requested = parameters.collection ?? '';
  const collection = collections.get(requested);
  if (collection === undefined) throw new UnknownNameError('collection', requested, [...collections.keys()]);
  return collection;
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
