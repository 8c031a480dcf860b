import type { ErrorForm } from '../../routes/error-form.js';
import type { Schema } from '../../routes/route.js';

const text = { type: 'string' } as const;

export const taskRequestSchema: Schema = {
  type: 'object',
  required: ['inputs'],
  description: 'feature-extraction has its parameters beside inputs, as on the Hub',
  properties: {
    inputs: {
      description: 'One input, or a list of them: texts, or objects with the fields of the app',
      anyOf: [
        { type: 'string', minLength: 1 },
        { type: 'object' },
        { type: 'array', minItems: 1, items: { anyOf: [{ type: 'string', minLength: 1 }, { type: 'object' }] } },
      ],
    },
    parameters: {
      type: ['object', 'null'],
      description: 'Those of the task on the Hub: top_k, targets, aggregation_strategy, …',
    },
    options: { type: ['object', 'null'], description: 'Accepted for the sake of clients, and without effect' },
    normalize: { type: 'boolean' },
    truncate: { type: 'boolean' },
    truncation_direction: { const: 'right' },
    prompt_name: { type: ['string', 'null'] },
  },
  additionalProperties: false,
};

const labelScores: Schema = {
  title: 'text-classification, one input',
  type: 'array',
  items: {
    type: 'object',
    required: ['label', 'score'],
    properties: { label: text, score: { type: 'number' } },
  },
};

const place = { score: { type: 'number' }, word: text, start: { type: 'integer' }, end: { type: 'integer' } } as const;

const entities: Schema = {
  title: 'token-classification, one input',
  type: 'array',
  items: {
    anyOf: [
      {
        type: 'object',
        required: ['entity_group', 'score', 'word', 'start', 'end'],
        properties: { entity_group: text, ...place },
      },
      {
        type: 'object',
        required: ['entity', 'score', 'index', 'word', 'start', 'end'],
        properties: { entity: text, index: { type: 'integer' }, ...place },
      },
    ],
  },
};

const maskedTokens: Schema = {
  title: 'fill-mask, one input',
  type: 'array',
  items: {
    type: 'object',
    required: ['score', 'token', 'token_str', 'sequence'],
    properties: { score: { type: 'number' }, token: { type: 'integer' }, token_str: text, sequence: text },
  },
};

const vector: Schema = { title: 'feature-extraction, one input', type: 'array', items: { type: 'number' } };

const listOf = (items: Schema): Schema => ({ type: 'array', items });

export const taskAnswerSchema: Schema = {
  description:
    'One input: its answer; a list: a list of answers. text-classification answers one input with a list, too. Tasks that are not named here answer as /v1/apps/{name} does',
  anyOf: [
    listOf(labelScores),
    entities,
    listOf(entities),
    maskedTokens,
    listOf(maskedTokens),
    vector,
    listOf(vector),
    {},
  ],
};

/** As the Hub's servers tell it: a sentence in `error`; the rest is ours. */
export const huggingFaceErrors: ErrorForm = {
  name: 'HuggingFaceError',
  description: 'Error as of the Hugging Face Inference API',
  mediaType: 'application/json',
  schema: {
    type: 'object',
    required: ['error', 'error_type'],
    properties: {
      error: text,
      error_type: { ...text, description: 'Stable; texts may improve' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['pointer', 'detail'],
          properties: { pointer: { ...text, description: 'JSON pointer into the request body' }, detail: text },
        },
      },
    },
  },
  paths: ['/models', '/hf'],
  write: ({ status, detail, code, errors }) => ({
    status,
    json: { error: detail, error_type: code, ...(errors !== undefined && { errors }) },
  }),
};
