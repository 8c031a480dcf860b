import type { Problem } from '../../problem.js';
import type { ErrorForm } from '../../routes/error-form.js';
import type { Schema } from '../../routes/route.js';

const text = { type: 'string' } as const;
const count = { type: 'integer', minimum: 0 } as const;

export const embeddingsRequestSchema: Schema = {
  type: 'object',
  required: ['input', 'model'],
  properties: {
    input: {
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } },
      ],
    },
    model: { ...text, description: 'Name of a served app for feature-extraction' },
    encoding_format: {
      enum: ['float', 'base64', null],
      default: 'float',
      description: 'base64: 32 bit floats, little-endian',
    },
    user: { type: ['string', 'null'], description: 'Accepted, and without effect' },
  },
  additionalProperties: false,
};

export const embeddingsSchema: Schema = {
  type: 'object',
  required: ['object', 'data', 'model', 'usage'],
  properties: {
    object: { const: 'list' },
    data: {
      type: 'array',
      items: {
        type: 'object',
        required: ['object', 'index', 'embedding'],
        properties: {
          object: { const: 'embedding' },
          index: count,
          embedding: {
            anyOf: [
              { type: 'array', items: { type: 'number' } },
              { ...text, contentEncoding: 'base64' },
            ],
          },
        },
      },
    },
    model: text,
    usage: {
      type: 'object',
      required: ['prompt_tokens', 'total_tokens'],
      description: 'Tokens the model read, special tokens included; 0 for apps that do not count',
      properties: { prompt_tokens: count, total_tokens: count },
    },
  },
};

export const modelSchema: Schema = {
  type: 'object',
  required: ['id', 'object', 'created', 'owned_by'],
  properties: {
    id: { ...text, description: 'What to give as model' },
    object: { const: 'model' },
    created: { type: 'integer', description: 'Unix time at which this server was made' },
    owned_by: text,
  },
};

export const modelsSchema: Schema = {
  type: 'object',
  required: ['object', 'data'],
  properties: { object: { const: 'list' }, data: { type: 'array', items: modelSchema } },
};

/** As OpenAI tells it: what is wrong with a request is 400, and `param` names the field. */
export const openAiErrors: ErrorForm = {
  name: 'OpenAiError',
  description: 'Error as of the OpenAI API',
  mediaType: 'application/json',
  schema: {
    type: 'object',
    required: ['error'],
    properties: {
      error: {
        type: 'object',
        required: ['message', 'type', 'param', 'code'],
        properties: {
          message: text,
          type: text,
          param: { type: ['string', 'null'] },
          code: { type: ['string', 'null'] },
        },
      },
    },
  },
  // Clients ask for completions too; that they are not here is worth saying in words they understand.
  paths: ['/v1/embeddings', '/v1/models', '/v1/chat', '/v1/completions'],
  write(problem) {
    const { detail: message, errors: [first] = [] } = problem;
    const status = problem.status === 422 ? 400 : problem.status;
    const [, param = null] = first?.pointer.split('/') ?? [];
    return { status, json: { error: { message, type: typeOf(status), param, code: codeOf(problem) } } };
  },
};

function typeOf(status: number): string {
  if (status >= 500) return 'server_error';
  return status === 429 ? 'rate_limit_error' : 'invalid_request_error';
}

/** OpenAI's own code where it has one for the case. */
function codeOf({ code, status }: Problem): string {
  if (code === 'NAME_UNKNOWN') return 'model_not_found';
  if (status === 401) return 'invalid_api_key';
  return status === 429 ? 'rate_limit_exceeded' : code.toLowerCase();
}
