import type { Endpoints } from '@zooid/kernel';
import type { Answer } from '../../routes/answer.js';
import { json, type Route } from '../../routes/route.js';
import { embed } from './embeddings.js';
import { embeddingsRequestSchema, embeddingsSchema, modelSchema, modelsSchema, openAiErrors } from './schemas.js';

/**
 * The part of OpenAI's API that apps can answer, so that the `openai` client works with `baseURL: '<url>/v1'`.
 *
 * @see https://platform.openai.com/docs/api-reference/embeddings
 */
export function openAiRoutes(endpoints: Endpoints, answer: Answer): Route[] {
  const created = Math.floor(Date.now() / 1000);
  const describe = (id: string) => ({ id, object: 'model', created, owned_by: 'zooid' });
  return [
    {
      method: 'POST',
      path: '/v1/embeddings',
      id: 'createEmbeddings',
      summary: 'A vector per text, as the OpenAI API gives them',
      asksApp: true,
      requestSchema: embeddingsRequestSchema,
      successes: [{ status: 200, description: 'The vectors', type: 'application/json', schema: embeddingsSchema }],
      problems: [400, 404, 413, 415, 429, 503],
      errorForm: openAiErrors,
      handle: (call) => embed(endpoints, answer, call),
    },
    {
      method: 'GET',
      path: '/v1/models',
      id: 'listModels',
      summary: 'What is served, as the OpenAI API lists models',
      successes: [{ status: 200, description: 'The models', type: 'application/json', schema: modelsSchema }],
      problems: [],
      errorForm: openAiErrors,
      handle: () => json(200, { object: 'list', data: namesOf(endpoints).map(describe) }),
    },
    {
      method: 'GET',
      path: '/v1/models/{model}',
      id: 'getModel',
      summary: 'One of them',
      successes: [{ status: 200, description: 'The model', type: 'application/json', schema: modelSchema }],
      problems: [404],
      errorForm: openAiErrors,
      handle: ({ parameters: { model = '' } }) => {
        endpoints.get(model); // or there is none
        return json(200, describe(model));
      },
    },
  ];
}

/** Everything that can stand in the field `model`: names, versions as `name@version`, aliases. */
function namesOf(endpoints: Endpoints): string[] {
  const served = endpoints.list().flatMap(({ name, address }) => [name, address]);
  return [...new Set([...served, ...Object.keys(endpoints.aliases)])];
}
