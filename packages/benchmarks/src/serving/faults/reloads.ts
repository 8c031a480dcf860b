import type { ServedProgram } from '../program/served-program.js';
import { modelName } from './fault-server.js';

/** What became of an attempt to load or reload a model over HTTP. */
export interface LoadAttempt {
  readonly status: number;
  /** Why it was refused; empty when it was not. */
  readonly error: string;
}

/** Moves a served model to what its folder holds now. */
export async function reloadModel({ url }: Pick<ServedProgram, 'url'>, name = modelName): Promise<LoadAttempt> {
  const reply = await fetch(`${url}/v2/repository/models/${name}/load`, { method: 'POST' });
  const text = await reply.text();
  return { status: reply.status, error: reply.ok ? '' : ((JSON.parse(text) as { error?: string }).error ?? '') };
}

/** Revision that answers now. */
export async function revisionOf({ url }: Pick<ServedProgram, 'url'>, name = modelName): Promise<string> {
  const reply = await fetch(`${url}/v1/apps/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"inputs":"a fine film"}',
  });
  const { model } = (await reply.json()) as { model?: { revision: string } };
  return model?.revision ?? `none (${reply.status})`;
}
