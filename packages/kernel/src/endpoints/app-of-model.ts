import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type ModelArtifacts, ModelError, type TaskId } from '@zooid/spec';

/** Endings of the Hub's `architectures`, and the task they are made for. The app of a task is named like it. */
const tasks: readonly (readonly [string, TaskId])[] = [
  ['ForSequenceClassification', 'text-classification'],
  ['ForTokenClassification', 'token-classification'],
  ['ForMaskedLM', 'fill-mask'],
  ['ForQuestionAnswering', 'question-answering'],
  ['Model', 'feature-extraction'],
];

/**
 * The app that a model is for: what its zooid.json names, else the one whose task its config.json was made for.
 *
 * @param names of the apps that are loaded.
 * @throws ModelError when neither file tells.
 */
export function appOf({ id, folder, config, manifest }: ModelArtifacts, names: readonly string[]): string {
  const app = manifest?.app;
  if (typeof app === 'string') return app;
  const task = taskOf(folder, config);
  if (task !== undefined && names.includes(task)) return task;
  const cause =
    task === undefined
      ? 'no "app" in its zooid.json, and no architecture in its config.json that tells'
      : `its config.json says ${task}, for which no app is loaded`;
  throw new ModelError(
    id,
    `model '${id}' does not say which app it is for (${cause}); name one of: ${names.join(', ')}`,
  );
}

function taskOf(folder: string, { architectures }: Readonly<Record<string, unknown>>): TaskId | undefined {
  // The list of modules that sentence-transformers writes: an encoder and how its states become one vector.
  if (existsSync(join(folder, 'modules.json'))) return 'feature-extraction';
  const [architecture] = Array.isArray(architectures) ? architectures : [];
  if (typeof architecture !== 'string') return undefined;
  return tasks.find(([ending]) => architecture.endsWith(ending))?.[1];
}
