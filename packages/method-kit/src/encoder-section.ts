import { ValidationError } from '@zooid/common';
import { type EncoderPreset, encoderPresets, parseEncoderConfig } from '@zooid/nn';
import type { TrainingJob } from '@zooid/spec';

/**
 * The config of an encoder from scratch: the recipe's `encoder: { preset, …overrides }`.
 *
 * @param fixed What the method decides itself, such as dropout or the vocabulary's size.
 * @throws ValidationError for an unknown preset, or an unknown or ill-typed field.
 */
export function encoderFromScratch(
  recipe: TrainingJob['recipe'],
  fixed: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const section = recipe.encoder as Readonly<Record<string, unknown>> | undefined;
  const { preset = 'mini', ...overrides } = section ?? {};
  if (typeof preset !== 'string' || !Object.hasOwn(encoderPresets, preset)) {
    throw new ValidationError('recipe', [
      {
        path: '/encoder/preset',
        message: `must be one of ${Object.keys(encoderPresets).join(', ')}, got ${JSON.stringify(preset)}`,
      },
    ]);
  }
  const fields = encoderPresets[preset as EncoderPreset];
  const unknown = Object.keys(overrides).filter((key) => !Object.hasOwn(fields, key));
  if (unknown.length > 0) {
    throw new ValidationError(
      'recipe',
      unknown.map((key) => ({
        path: `/encoder/${key}`,
        message: `is unknown; known: preset, ${Object.keys(fields).join(', ')}`,
      })),
    );
  }
  return { model_type: 'bert', ...parseEncoderConfig({ ...fields, ...overrides, ...fixed }) };
}
