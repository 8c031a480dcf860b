import type { Endpoints } from '@zooid/kernel';
import { RequestError } from '../../errors.js';
import { type Answer, maxContainers } from '../../routes/answer.js';
import { repoint } from '../../routes/repoint.js';
import { type Call, json, type Reply, type Route } from '../../routes/route.js';
import { asTask } from '../as-task.js';
import { readTaskRequest } from './request.js';
import { huggingFaceErrors, taskAnswerSchema, taskRequestSchema } from './schemas.js';

/**
 * The Hub's Inference API, so that `@huggingface/inference` works with `endpointUrl`.
 *
 * @see https://www.npmjs.com/package/@huggingface/tasks for the shapes
 */
export function huggingFaceRoutes(endpoints: Endpoints, answer: Answer): Route[] {
  const route = (path: string, id: string, summary: string): Route => ({
    method: 'POST',
    path,
    id,
    summary,
    asksApp: true,
    requestSchema: taskRequestSchema,
    successes: [{ status: 200, description: 'The answer', type: 'application/json', schema: taskAnswerSchema }],
    problems: [400, 404, 413, 415, 422, 429, 503],
    errorForm: huggingFaceErrors,
    handle: (call) => infer(endpoints, answer, call),
  });
  return [
    route('/models/{model}', 'runModel', 'Answers as the Hugging Face Inference API does'),
    route('/hf/{task}/{model}', 'runTask', 'The same, with the task said'),
  ];
}

async function infer(endpoints: Endpoints, answer: Answer, call: Call): Promise<Reply> {
  const { parameters } = call;
  const endpoint = endpoints.get(parameters.model ?? '');
  const { name, app } = endpoint;
  if (parameters.task !== undefined && parameters.task !== app.task) {
    const message = `'${name}' is for ${app.task}, not for ${parameters.task}; post to /hf/${app.task}/${name}`;
    throw new RequestError('ROUTE_NOT_FOUND', message);
  }
  const { envelope, locate } = readTaskRequest(await call.body(maxContainers), endpoint);
  try {
    const { outputs } = await answer(endpoint, envelope, { signal: call.signal });
    const answers = outputs.map((output) => asTask(endpoint).answer(output));
    // The Hub answers one text to classify as it does a list of one, and its client relies on that.
    const asList = Array.isArray(envelope.inputs) || app.task === 'text-classification';
    return json(200, asList ? answers : answers[0]);
  } catch (error) {
    throw repoint(error, locate);
  }
}
