import { ValidationError } from '@zooid/common';
import type { EncoderFamily } from '../encoder/family.js';
import { show } from '../encoder/fields.js';
import { albert } from './albert.js';
import { bert } from './bert.js';
import { distilbert } from './distilbert.js';
import { electra } from './electra.js';
import { camembert, roberta, xlmRoberta } from './roberta.js';

/** Every family of encoders, by `model_type`. */
export const encoderFamilies: ReadonlyMap<string, EncoderFamily> = new Map(
  [bert, roberta, xlmRoberta, camembert, distilbert, electra, albert].map((family) => [family.modelType, family]),
);

/**
 * The family a `config.json` belongs to, by its `model_type`; BERT when it says nothing.
 *
 * @throws ValidationError naming the families there are.
 */
export function encoderFamily(config: unknown): EncoderFamily {
  const isObject = typeof config === 'object' && config !== null;
  const modelType = (isObject ? (config as { readonly model_type?: unknown }).model_type : undefined) ?? 'bert';
  const family = typeof modelType === 'string' ? encoderFamilies.get(modelType) : undefined;
  if (family === undefined) {
    throw new ValidationError('encoder config', [
      {
        path: '/model_type',
        message: `must be one of ${[...encoderFamilies.keys()].join(', ')}, got ${show(modelType)}`,
      },
    ]);
  }
  return family;
}
