import { type Endpoint, type Endpoints, versionOf } from '@zooid/kernel';
import { validateDto } from '@zooid/spec';
import { type Answer, maxContainers } from '../../routes/answer.js';
import type { ServerState } from '../../routes/probe-routes.js';
import { repoint } from '../../routes/repoint.js';
import { type Call, json, type Reply, type Route, type Success } from '../../routes/route.js';
import { readServerVersion } from '../../version.js';
import { outputsOf, requestedOutputs, tensorsOf } from './answers-to-tensors.js';
import { repositoryExtensions, repositoryRoutes } from './repository.js';
import { InferenceRequest } from './request.js';
import {
  healthSchema,
  inferenceRequestSchema,
  inferenceResponseSchema,
  metadataSchema,
  openInferenceErrors,
  readySchema,
  serverSchema,
} from './schemas.js';
import { itemsOf } from './tensors-to-items.js';

const errorForm = openInferenceErrors;
const success = (description: string, schema: Success['schema'], status = 200): Success => ({
  status,
  description,
  type: 'application/json',
  ...(schema !== undefined && { schema }),
});

/**
 * Open Inference Protocol v2 (KServe): every app as a model that takes texts as BYTES tensors.
 *
 * @see https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
 */
export function openInferenceRoutes(
  endpoints: Endpoints,
  answer: Answer,
  { state, manages }: { readonly state: () => ServerState; readonly manages: boolean },
): Route[] {
  const extensions = manages ? repositoryExtensions : [];
  const about = { name: 'zooid', version: readServerVersion(), extensions };
  return [
    {
      method: 'GET',
      path: '/v2',
      id: 'getServerMetadata',
      summary: 'Name and version of the server',
      successes: [success('The server', serverSchema)],
      problems: [],
      errorForm,
      handle: () => json(200, about),
    },
    health('/v2/health/live', 'isServerLive', 'Is the process alive?', () => true),
    health('/v2/health/ready', 'isServerReady', 'May requests be sent here?', () => state() === 'ready'),
    ...modelRoutes('/v2/models/{model}', '', endpoints, answer),
    ...modelRoutes('/v2/models/{model}/versions/{version}', 'Version', endpoints, answer),
    ...(manages ? repositoryRoutes(endpoints) : []),
  ];
}

function health(path: string, id: string, summary: string, passes: () => boolean): Route {
  return {
    method: 'GET',
    path,
    id,
    summary,
    always: true,
    open: true,
    successes: [success('Yes', healthSchema), success('No', healthSchema, 503)],
    problems: [],
    errorForm,
    // The protocol calls the member of both answers `live`.
    handle: () => json(passes() ? 200 : 503, { live: passes() }),
  };
}

/** What can be asked of a model, with or without its version. @param suffix keeps the ids apart. */
function modelRoutes(path: string, suffix: string, endpoints: Endpoints, answer: Answer): Route[] {
  return [
    {
      method: 'GET',
      path,
      id: `getModel${suffix}Metadata`,
      summary: 'Tensors that a model takes and gives',
      successes: [success('The model', metadataSchema)],
      problems: [404],
      errorForm,
      handle: (call) => json(200, metadata(find(endpoints, call), endpoints)),
    },
    {
      method: 'GET',
      path: `${path}/ready`,
      id: `isModel${suffix}Ready`,
      summary: 'Does this model answer?',
      successes: [success('Yes', readySchema), success('No', readySchema, 503)],
      problems: [404],
      errorForm,
      handle: (call) => {
        const { name, state, lazy } = find(endpoints, call);
        const ready = state === 'loaded' || lazy; // a lazy one answers, though the first answer takes a while
        return json(ready ? 200 : 503, { name, ready });
      },
    },
    {
      method: 'POST',
      path: `${path}/infer`,
      id: `inferModel${suffix}`,
      summary: 'Answers one text or several, given and answered as tensors',
      asksApp: true,
      requestSchema: inferenceRequestSchema,
      successes: [success('The answers', inferenceResponseSchema)],
      problems: [400, 404, 413, 415, 429, 503],
      errorForm,
      handle: (call) => infer(find(endpoints, call), answer, call),
    },
  ];
}

/** @throws UnknownNameError for names and versions that are not served. */
function find(endpoints: Endpoints, { parameters: { model = '', version } }: Call): Endpoint {
  return endpoints.get(version === undefined ? model : `${model}@${version}`);
}

function metadata(endpoint: Endpoint, endpoints: Endpoints) {
  return {
    name: endpoint.name,
    versions: endpoints.versions(endpoint.address).map(versionOf),
    platform: 'zooid_app',
    inputs: [{ name: 'text', datatype: 'BYTES', shape: [-1] }],
    outputs: outputsOf(endpoint),
  };
}

async function infer(endpoint: Endpoint, answer: Answer, call: Call): Promise<Reply> {
  const request = validateDto(InferenceRequest, await call.body(maxContainers), 'request');
  const { envelope, locate } = itemsOf(request, endpoint);
  const names = requestedOutputs(request, endpoint);
  try {
    const { outputs, model } = await answer(endpoint, envelope, { signal: call.signal });
    return json(200, {
      model_name: endpoint.name,
      model_version: endpoint.version ?? model.revision,
      ...(typeof request.id === 'string' && { id: request.id }),
      outputs: tensorsOf(outputs, endpoint, names),
    });
  } catch (error) {
    throw repoint(error, locate);
  }
}
