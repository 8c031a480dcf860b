import { ValidationError } from '@zooid/common';
import { isEncoderTensor } from '@zooid/method-kit';
import {
  type EncoderConfig,
  type EncoderFamily,
  type EncoderHooks,
  foldPrefixNetwork,
  lora,
  loraParameters,
  type ModuleContext,
  mergeLora,
  prefixNetwork,
  prefixPath,
} from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';
import { matcher } from '../matcher.js';
import type { FineTuneOptions } from '../options.js';
import { type LoraPlan, planLora } from './plan-lora.js';

export type Weights = ReadonlyMap<string, HostTensor<'float32'>>;

/** What is added to the encoder for training, what of it all is trained, and what the plain model of the result is. */
export interface Tuning {
  /** The low-rank updates; empty without `lora`. */
  readonly lora: LoraPlan;
  /** The encoder as it is trained. */
  hooks(context: ModuleContext): EncoderHooks;
  /** Whether a parameter is none of the base model's. */
  adds(name: string): boolean;
  /** Whether a parameter learns. */
  trains(name: string): boolean;
  /** Trained weights as those of the plain model: updates merged, the prefix computed. Leaves the given ones alone. */
  fold(weights: Weights): Weights;
}

export interface TuningRequest {
  readonly family: EncoderFamily;
  /** With the fields of {@link tunedConfig}. */
  readonly config: EncoderConfig;
  /** Paths of the encoder's linear layers. */
  readonly layers: readonly string[];
  /** Updates to start from. */
  readonly adapter?: LoraPlan | undefined;
}

type TuningKind = 'lora' | 'adapters' | 'prefix';
const kinds = ['lora', 'adapters', 'prefix'] as const satisfies readonly TuningKind[];

/** The ways of parameter-efficient tuning that the options ask for; with none, every parameter learns. */
export const tuningKinds = (options: FineTuneOptions): readonly TuningKind[] =>
  kinds.filter((kind) => options[kind] !== undefined);

/**
 * A `config.json` that also tells of what tuning leaves in the model.
 *
 * @throws ValidationError when the model has adapters of another size or a prefix already.
 */
export function tunedConfig(
  config: Readonly<Record<string, unknown>>,
  { adapters, prefix }: FineTuneOptions,
): Readonly<Record<string, unknown>> {
  const { adapter_size: size, prefix_length: length } = config;
  if (adapters !== undefined && size !== undefined && size !== adapters.size) {
    refuse('adapters/size', `must be ${size}, the size of the adapters that the base model has`);
  }
  if (prefix !== undefined && (length ?? 0) !== 0) {
    refuse('prefix', "must be left out: the base model has a prefix; train.unfreeze: ['*.prefix.*'] trains that one");
  }
  return {
    ...config,
    ...(adapters === undefined ? {} : { adapter_size: adapters.size }),
    ...(prefix === undefined ? {} : { prefix_length: prefix.length }),
  };
}

/**
 * @throws ValidationError when a target is no layer of the encoder, or the adapter to start from contradicts the options.
 */
export function tuningOf(options: FineTuneOptions, request: TuningRequest): Tuning {
  const { family, config, layers, adapter } = request;
  const { adapters, prefix } = options;
  const plan: LoraPlan = options.lora === undefined ? new Map() : planLora(options.lora, layers, adapter);
  const added = new Set(Array.from(plan.keys(), loraParameters).flatMap(({ down, up }) => [down, up]));
  const prefixRoot = `${family.prefix}.${prefixPath}`;
  const adds = (name: string): boolean =>
    added.has(name) ||
    (adapters !== undefined && isAdapter(name)) ||
    (prefix !== undefined && name.startsWith(`${prefixRoot}.`));
  const isFull = tuningKinds(options).length === 0;
  const unfrozen = matcher(options.unfreeze ?? [], { at: '/train/unfreeze' });

  return {
    lora: plan,
    hooks: (context) => ({
      ...(options.lora === undefined ? {} : { linearView: lora({ ...options.lora, layer: (path) => plan.get(path) }) }),
      ...(prefix === undefined
        ? {}
        : { prefix: prefixNetwork(context.child(prefixRoot), { ...prefix, hidden: config.hidden_size }) }),
    }),
    adds,
    trains: (name) =>
      isFull ||
      adds(name) ||
      !isEncoderTensor(name, family) ||
      (adapters !== undefined && isNorm(name)) ||
      unfrozen.matches(name),
    fold: (weights) => {
      const merged = mergeAll(weights, plan);
      return prefix === undefined ? merged : foldPrefixNetwork(merged, prefixRoot);
    },
  };
}

const isAdapter = (name: string): boolean => name.includes('.adapters.');
const isNorm = (name: string): boolean => /layer_?norm\.(weight|bias)$/i.test(name);

/** Weights with every update of a plan inside its matrix. */
export function mergeAll(weights: Weights, plan: LoraPlan): Weights {
  const merged = new Map(weights);
  for (const [path, { scale }] of plan) {
    const { down, up } = loraParameters(path);
    const matrix = `${path}.weight`;
    merged.set(matrix, mergeLora(weights.get(matrix)!, weights.get(down)!, weights.get(up)!, { scale }));
    merged.delete(down);
    merged.delete(up);
  }
  return merged;
}

function refuse(option: string, message: string): never {
  throw new ValidationError('recipe', [{ path: `/train/${option}`, message }]);
}
