import { type Issue, ValidationError } from '@zooid/common';
import type { Endpoint, Endpoints } from '@zooid/kernel';
import { IsDefined, IsIn, IsOptional, IsString, MinLength, ModelError, validateDto } from '@zooid/spec';
import { type Answer, maxContainers } from '../../routes/answer.js';
import { repoint } from '../../routes/repoint.js';
import { type Call, json, type Reply } from '../../routes/route.js';
import { asTask, keepsTaskShapes } from '../as-task.js';

class EmbeddingsRequest {
  @IsDefined() input!: unknown;
  @IsString() @MinLength(1) model!: string;
  @IsOptional() @IsIn(['float', 'base64']) encoding_format?: 'float' | 'base64' | null = 'float';
  @IsOptional() dimensions?: unknown;
  @IsOptional() @IsString() user?: string | null;
}

/** `POST /v1/embeddings`: a vector per text, in the order of the texts. */
export async function embed(endpoints: Endpoints, answer: Answer, call: Call): Promise<Reply> {
  const request = validateDto(EmbeddingsRequest, await call.body(maxContainers), 'request');
  const endpoint = endpoints.get(request.model);
  refuse(issuesOf(request, endpoint));
  let tokens = 0;
  const onTokens = (count: number) => {
    tokens += count;
  };
  // Too long a text is an error of its sender here, not something to cut in silence.
  const parameters = keepsTaskShapes(endpoint) ? { truncate: false } : {};
  const inputs = request.input;
  try {
    const { outputs, model } = await answer(endpoint, { inputs, parameters }, { signal: call.signal, onTokens });
    const vectors = outputs.map((output) => vectorOf(asTask(endpoint).answer(output), model.id));
    const encode = request.encoding_format === 'base64' ? toBase64 : (vector: readonly number[]) => vector;
    return json(200, {
      object: 'list',
      data: vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
      model: endpoint.address,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  } catch (error) {
    throw repoint(error, (path) => toInput(path, Array.isArray(inputs)));
  }
}

function issuesOf({ input, dimensions }: EmbeddingsRequest, { name, app }: Endpoint): Issue[] {
  const issues: Issue[] = [];
  if (app.task !== 'feature-extraction') {
    issues.push({ path: '/model', message: `must be for feature-extraction; '${name}' is for ${app.task}` });
  }
  const texts: readonly unknown[] = Array.isArray(input) ? input : [input];
  if (!texts.every((text) => typeof text === 'string')) {
    issues.push({ path: '/input', message: 'must be a string or an array of strings; token ids are not accepted' });
  }
  if (dimensions !== undefined && dimensions !== null) {
    issues.push({
      path: '/dimensions',
      message: 'is not supported: vectors have the width of the model; leave it out',
    });
  }
  return issues;
}

function refuse(issues: readonly Issue[]): void {
  if (issues.length > 0) throw new ValidationError('request', issues);
}

/** `/inputs/3/text` is `/input/3` here, and `/input` when there is only one. */
function toInput(path: string, many: boolean): string {
  return path.replace(/^\/inputs(\/\d+)?(\/text)?/, (_, index = '') => `/input${many ? index : ''}`);
}

function vectorOf(output: unknown, model: string): readonly number[] {
  if (Array.isArray(output) && typeof output[0] === 'number') return output;
  throw new ModelError(model, `model '${model}' gives no single vector per text, which /v1/embeddings needs`);
}

function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(4 * vector.length);
  for (const [i, value] of vector.entries()) bytes.writeFloatLE(value, 4 * i);
  return bytes.toString('base64');
}
