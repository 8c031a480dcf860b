import { type Endpoint, type Endpoints, versionOf } from '@zooid/kernel';
import { IsBoolean, IsObject, IsOptional, validateDto } from '@zooid/spec';
import { RequestError } from '../../errors.js';
import { type Call, json, type Reply, type Route } from '../../routes/route.js';
import {
  openInferenceErrors,
  repositoryIndexRequestSchema,
  repositoryIndexSchema,
  repositoryRequestSchema,
} from './schemas.js';

/** What `GET /v2` says that is there, as Triton calls it. */
export const repositoryExtensions = ['model_repository', 'model_repository(unload_dependents)'];

/** Requests hold a flag or two. */
const maxContainers = 16;

class IndexRequest {
  @IsOptional() @IsBoolean() ready?: boolean;
}
class RepositoryRequest {
  @IsOptional() @IsObject() parameters?: Record<string, unknown> | null;
}

/**
 * The model repository extension of Triton and MLServer: what is served, in memory or not, and loading, reloading and
 * unloading it. A model is a served name, which means all its versions, or one version as `name@version`.
 *
 * @see https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_model_repository.md
 */
export function repositoryRoutes(endpoints: Endpoints): Route[] {
  const route = (action: string, id: string, summary: string, handle: Route['handle']): Route => ({
    method: 'POST',
    path: `/v2/repository/models/{model}/${action}`,
    id,
    summary,
    manages: true,
    requestSchema: repositoryRequestSchema,
    successes: [{ status: 200, description: 'Done' }],
    problems: [400, 403, 404, 413, 503],
    errorForm: openInferenceErrors,
    handle,
  });
  return [
    {
      method: 'POST',
      path: '/v2/repository/index',
      id: 'getRepositoryIndex',
      summary: 'Every model with its versions, and whether it is in memory',
      manages: true,
      requestSchema: repositoryIndexRequestSchema,
      successes: [{ status: 200, description: 'The models', type: 'application/json', schema: repositoryIndexSchema }],
      problems: [400, 403, 413],
      errorForm: openInferenceErrors,
      handle: async (call) => {
        const { ready } = validateDto(IndexRequest, await bodyOf(call), 'request');
        const entries = endpoints.list().map(entryOf);
        return json(200, ready === true ? entries.filter(({ state }) => state === 'READY') : entries);
      },
    },
    route('load', 'loadModel', 'Loads a model, or reloads it when its files have changed', (call) =>
      load(endpoints, call),
    ),
    route('unload', 'unloadModel', 'Takes a model out of memory when its requests are answered', (call) =>
      unload(endpoints, call),
    ),
  ];
}

async function load(endpoints: Endpoints, call: Call): Promise<Reply> {
  const { model = '' } = call.parameters;
  const { state } = endpoints.get(model); // an unknown name is worth saying before the body is judged
  await refuseParameters(call, []);
  try {
    await endpoints.load(model, { signal: call.signal });
  } catch (error) {
    throw failure(error, `'${model}' was not loaded${state === 'loaded' ? '; what served before still does' : ''}`);
  }
  return { status: 200 };
}

async function unload(endpoints: Endpoints, call: Call): Promise<Reply> {
  const { model = '' } = call.parameters;
  endpoints.get(model);
  // No model here depends on another, so with or without its dependents is the same.
  await refuseParameters(call, ['unload_dependents']);
  await endpoints.unload(model);
  return { status: 200 };
}

function entryOf(endpoint: Endpoint) {
  const states = { loaded: 'READY', loading: 'LOADING', unloaded: 'UNAVAILABLE' } as const;
  const reasons = {
    loaded: '',
    loading: '',
    unloaded: endpoint.lazy ? 'not in memory; the next request loads it' : 'unloaded',
  };
  const { name, state } = endpoint;
  return { name, version: versionOf(endpoint), state: states[state], reason: reasons[state] };
}

/** An empty body stands for an empty object. */
async function bodyOf(call: Call): Promise<unknown> {
  return (await call.body(maxContainers, true)) ?? {};
}

/** @param flags Parameters that may be true or false; others there are not. */
async function refuseParameters(call: Call, flags: readonly string[]): Promise<void> {
  const { parameters } = validateDto(RepositoryRequest, await bodyOf(call), 'request');
  for (const [name, value] of Object.entries(parameters ?? {})) {
    if (flags.includes(name) && typeof value === 'boolean') continue;
    const names = flags.join(', ') || 'none';
    const message = `The parameter '${name}' is not supported here (known: ${names}); models are configured in zooid.yaml`;
    throw new RequestError('LOAD_REFUSED', message);
  }
}

/** Operators are told why, which callers of apps are not: paths and digests are their business. */
function failure(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = (error as { readonly code?: unknown }).code;
  if (typeof code !== 'string' || passedOn.includes(code)) return error;
  return new RequestError('LOAD_REFUSED', `${what}: ${error.message}`, {}, { cause: error });
}

/** These have statuses of their own: try again, or look for something else. */
const passedOn = ['ABORTED', 'CLOSED', 'MEMORY_BUDGET', 'NAME_UNKNOWN'];
