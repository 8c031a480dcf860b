import type { Endpoints } from '@zooid/kernel';
import type { Answer } from '../routes/answer.js';
import type { ServerState } from '../routes/probe-routes.js';
import type { Route } from '../routes/route.js';
import { huggingFaceRoutes } from './hugging-face/routes.js';
import { openInferenceRoutes } from './open-inference/routes.js';
import { openAiRoutes } from './openai/routes.js';

/** The interfaces of others that existing clients speak, answered by the same apps as the own routes. */
export function dialectRoutes(
  endpoints: Endpoints,
  answer: Answer,
  { state, manages }: { readonly state: () => ServerState; readonly manages: boolean },
): Route[] {
  return [
    ...huggingFaceRoutes(endpoints, answer),
    ...openInferenceRoutes(endpoints, answer, { state, manages }),
    ...openAiRoutes(endpoints, answer),
  ];
}
