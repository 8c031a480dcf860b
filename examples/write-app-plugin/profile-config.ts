import { type ModelArtifacts, ModelError } from '@zooid/spec';

/** `model_type` of the folders this plugin reads. */
export const modelType = 'gram-profile';

/** What the app and the backend read from `config.json`. */
export interface ProfileConfig {
  /** ISO 639 codes, in the order of the model's outputs. */
  readonly languages: readonly string[];
  /** In the order of the model's inputs. */
  readonly grams: readonly string[];
}

/** @throws ModelError when the folder holds something else. */
export function profileConfigOf({ id, config }: ModelArtifacts): ProfileConfig {
  const { model_type, languages, grams } = config;
  if (model_type !== modelType || !isNames(languages) || !isNames(grams)) {
    throw new ModelError(
      id,
      `model '${id}' is no language profile: config.json must have model_type '${modelType}', languages and grams`,
    );
  }
  return { languages, grams };
}

function isNames(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((name) => typeof name === 'string');
}
