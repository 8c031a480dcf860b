import type { Endpoint, Endpoints } from '@zooid/kernel';
import { type Answer, maxContainers } from './answer.js';
import type { AnswerEach } from './answer-each.js';
import { readEnvelope } from './envelope.js';
import { type Call, json, type Reply, type Route } from './route.js';
import { appSchema, envelopeSchema, outputsSchema } from './schemas.js';

/** An input per endpoint that it answers sensibly, as a caller would send it. */
export type Examples = Readonly<Record<string, unknown>>;

/** All outputs at once, or each as it is there. */
interface Ways {
  readonly answer: Answer;
  readonly answerEach: AnswerEach;
}

/** `/v1/apps`: what is served, and calling it. */
export function appRoutes(endpoints: Endpoints, ways: Ways, examples: Examples): Route[] {
  return [
    {
      method: 'GET',
      path: '/v1/apps',
      id: 'listApps',
      summary: 'Apps that are served, each with its model',
      successes: [
        {
          status: 200,
          description: 'The apps',
          type: 'application/json',
          schema: { type: 'object', required: ['apps'], properties: { apps: { type: 'array', items: appSchema } } },
        },
      ],
      problems: [],
      handle: () => json(200, { apps: endpoints.list().map((endpoint) => describeApp(endpoint, endpoints, examples)) }),
    },
    {
      method: 'GET',
      path: '/v1/apps/{name}',
      id: 'getApp',
      summary: 'One app',
      successes: [{ status: 200, description: 'The app', type: 'application/json', schema: appSchema }],
      problems: [404],
      handle: ({ parameters }) => json(200, describeApp(endpoints.get(parameters.name ?? ''), endpoints, examples)),
    },
    {
      method: 'POST',
      path: '/v1/apps/{name}',
      id: 'runApp',
      summary: 'Answers one input or a list of them; outputs come in the order of the inputs',
      asksApp: true,
      requestSchema: envelopeSchema({}, { type: 'object' }),
      successes: [
        { status: 200, description: 'One output per input', type: 'application/json', schema: outputsSchema({}) },
        {
          status: 200,
          description:
            'Asked for by Accept: an output event {index, output} per input, as it is there; then done {model}',
          type: 'text/event-stream',
          schema: { type: 'string' },
        },
      ],
      problems: [400, 404, 413, 415, 422, 429, 503],
      handle: (call) => run(endpoints, ways, call),
    },
  ];
}

async function run(endpoints: Endpoints, { answer, answerEach }: Ways, call: Call): Promise<Reply> {
  const endpoint = endpoints.get(call.parameters.name ?? ''); // an unknown app is worth saying before its body is judged
  const envelope = readEnvelope(await call.body(maxContainers));
  const { signal, wantsEvents } = call;
  if (wantsEvents) return { status: 200, events: answerEach(endpoint, envelope, { signal }) };
  return json(200, await answer(endpoint, envelope, { signal }));
}

function describeApp(endpoint: Endpoint, endpoints: Endpoints, examples: Examples) {
  const { name, version, app, state, model, collections } = endpoint;
  return {
    name,
    ...(version !== undefined && { version, default: endpoints.get(name) === endpoint }),
    app: app.name,
    task: app.task,
    description: app.description,
    state,
    model,
    collections: Object.keys(collections),
    ...(examples[name] !== undefined && { example: examples[name] }),
  };
}
