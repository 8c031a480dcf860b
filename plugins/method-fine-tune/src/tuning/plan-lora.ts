import { type Issue, ValidationError } from '@zooid/common';
import type { LoraLayer } from '@zooid/nn';
import { matcher } from '../matcher.js';
import type { LoraTuning } from './options.js';

/** The update of every linear layer that gets one, by path. */
export type LoraPlan = ReadonlyMap<string, LoraLayer>;

/** Query and value, as BERT's relatives and DistilBERT call them. */
const queryAndValue = ['*.query', '*.value', '*.q_lin', '*.v_lin'];
const defaults = { rank: 8, alpha: 16 };

/**
 * Which layers are updated, and how.
 *
 * @param layers paths of all linear layers of the encoder
 * @param adapter the updates to start from, which decide then
 * @throws ValidationError for a target that is no layer, and for settings that the adapter has made already.
 */
export function planLora(section: LoraTuning, layers: readonly string[], adapter: LoraPlan | undefined): LoraPlan {
  const { rank = defaults.rank, alpha = defaults.alpha, targets } = section;
  if (adapter !== undefined) {
    const issues: Issue[] = (['rank', 'alpha', 'targets'] as const)
      .filter((key) => section[key] !== undefined)
      .map((key) => ({ path: `/train/lora/${key}`, message: 'must be left out: the adapter to start from says it' }));
    if (issues.length > 0) throw new ValidationError('recipe', issues);
    return adapter;
  }
  const chosen = matcher(targets ?? queryAndValue, { at: '/train/lora/targets', what: 'linear layer of the encoder' });
  if (targets !== undefined) chosen.checkUsed(layers);
  return new Map(layers.filter(chosen.matches).map((path) => [path, { rank, scale: alpha / rank }]));
}
