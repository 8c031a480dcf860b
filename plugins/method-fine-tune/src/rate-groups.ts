import type { EncoderConfig, EncoderFamily } from '@zooid/nn';
import { DEFAULT_GROUP, type ParameterGroup } from '@zooid/trainer';
import { matcher } from './matcher.js';
import type { FineTuneOptions } from './options.js';
import { tuningKinds } from './tuning/tuning.js';

/**
 * A base model wants small steps; from scratch they would lead nowhere. The wider the model, the smaller they should be:
 * 3e-5 is for the 768 of BERT-base, and with the square of the width 2.7e-4 for 256, where our own backbones did best at
 * 3e-4 to 5e-4 on dev (`npm run bench -- backbones`); never larger than from scratch.
 *
 * @see Turc et al. 2019, "Well-Read Students Learn Better", where the smaller models are tuned with up to 3e-4
 */
const defaults = { pretrained: 3e-5, width: 768, scratch: 5e-4, headFactor: 5 };

/** What is added to a frozen encoder starts anew and stands larger steps, whatever the width. */
const tunedDefaults = { lora: 5e-4, adapters: 3e-4, prefix: 1e-3 };

/** The optimizer's groups and the peak rate of each. */
export interface RateGroups {
  readonly groups: readonly ParameterGroup[];
  readonly peaks: ReadonlyMap<string, number>;
}

export interface RateGroupsRequest {
  readonly family: EncoderFamily;
  readonly config: EncoderConfig;
  /** The app's own groups: `head`. */
  readonly groups: readonly ParameterGroup[];
  readonly isPretrained: boolean;
}

/** Which parameters learn at what rate: name patterns of the options first, then the app's groups, then the layers. */
export function rateGroups(options: FineTuneOptions, request: RateGroupsRequest): RateGroups {
  const { base, head } = baseRates(options, request);
  const layers = layerGroups(options, request, base);
  const named = Object.entries(options.learningRates ?? {}).map(([pattern, peak]) => ({
    name: `rate:${pattern}`,
    match: matcher([pattern], { at: '/train/learningRates' }).matches,
    peak,
  }));
  const groups = [...named, ...request.groups, ...layers];
  return {
    groups,
    peaks: new Map([
      [DEFAULT_GROUP, base],
      ...request.groups.map(({ name }) => [name, name === 'head' ? head : base] as const),
      ...[...named, ...layers].map(({ name, peak }) => [name, peak] as const),
    ]),
  };
}

function baseRates(options: FineTuneOptions, { config, isPretrained }: RateGroupsRequest) {
  const tuned = tuningKinds(options).map((kind) => tunedDefaults[kind]);
  const scaled = defaults.pretrained * (defaults.width / config.hidden_size) ** 2;
  const whole = isPretrained ? Math.min(scaled, defaults.scratch) : defaults.scratch;
  const base = options.learningRate ?? (tuned.length > 0 ? Math.min(...tuned) : whole);
  const factor = isPretrained && tuned.length === 0 ? defaults.headFactor : 1;
  return { base, head: options.headLearningRate ?? factor * base };
}

/**
 * One group a layer and one for the embeddings below; the top layer has the base rate. Layers that share their weights
 * learn as the highest of them.
 *
 * @see Sun et al. 2019, "How to Fine-Tune BERT for Text Classification?", §5.3.3
 */
function layerGroups(
  { layerDecay: decay }: FineTuneOptions,
  { family, config }: RateGroupsRequest,
  base: number,
): (ParameterGroup & { readonly peak: number })[] {
  if (decay === undefined) return [];
  const { prefix, layersPath, projection } = family;
  const { num_hidden_layers: count } = config;
  const layers = new Map(
    Array.from({ length: count }, (_, index) => [
      `${prefix}.${layersPath}.${family.layer(index, config).path}.`,
      index,
    ]),
  );
  const below = ['embeddings', ...(projection === undefined ? [] : [projection.path])].map(
    (path) => `${prefix}.${path}.`,
  );
  return [
    { name: 'embeddings', match: (name) => below.some((path) => name.startsWith(path)), peak: base * decay ** count },
    ...Array.from(layers, ([path, index]) => ({
      name: `layer:${index}`,
      match: (name: string) => name.startsWith(path),
      peak: base * decay ** (count - 1 - index),
    })),
  ];
}
