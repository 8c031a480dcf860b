import { ValidationError } from '@zooid/common';
import type { Value } from '@zooid/onnx';
import { show } from '../encoder/fields.js';
import { encoderFamilies } from '../families/registry.js';
import type { ModuleContext } from '../module-context.js';
import { encoderModel } from './encoder-model.js';
import { gpt2Model } from './gpt2-model.js';
import type { CheckpointNames } from './match-checkpoint.js';

/** A network as a model folder's `config.json` describes it: an encoder or decoder with one head. */
export interface PretrainedModel extends CheckpointNames {
  /** Its class in Hugging Face transformers: `BertForMaskedLM`. */
  readonly architecture: string;
  /** The parameter whose rows are the vocabulary. */
  readonly wordTable: string;
  /** Emits the network on the usual inputs; outputs are named as Hugging Face's ONNX exports name them. */
  emit(context: ModuleContext): Readonly<Record<string, Value>>;
  /**
   * Whether a checkpoint may hold this tensor without the network using it: buffers, copies of tied weights, a pooler,
   * heads for other tasks. By canonical name.
   */
  isSpare(name: string): boolean;
}

/** What can be asked of a `model_type`: its class names, and the network behind each. */
export interface Architectures {
  readonly names: readonly string[];
  model(config: Readonly<Record<string, unknown>>, architecture: string): PretrainedModel;
}

const architectures: ReadonlyMap<string, Architectures> = new Map([
  ...Array.from(encoderFamilies, ([modelType, family]): [string, Architectures] => [modelType, encoderModel(family)]),
  ['gpt2', gpt2Model] as const,
]);

/** Whether {@link pretrainedModel} knows the `model_type` and architecture. Cheap; says nothing about other fields. */
export function isPretrainedModel(config: Readonly<Record<string, unknown>>): boolean {
  const known = typeof config.model_type === 'string' ? architectures.get(config.model_type) : undefined;
  return known?.names.includes(architectureOf(config, known)) ?? false;
}

/**
 * The network of a `config.json`, by its `model_type` and the first of its `architectures`; the base model when it
 * names none.
 *
 * @throws ValidationError for a model type or architecture that is not among ours (naming those), and for fields that
 * are missing or wrong.
 */
export function pretrainedModel(config: Readonly<Record<string, unknown>>): PretrainedModel {
  const { model_type: modelType } = config;
  const known = typeof modelType === 'string' ? architectures.get(modelType) : undefined;
  if (known === undefined) {
    throw new ValidationError('config.json', [
      {
        path: '/model_type',
        message: `must be one of ${[...architectures.keys()].join(', ')}, got ${show(modelType)}`,
      },
    ]);
  }
  const architecture = architectureOf(config, known);
  if (!known.names.includes(architecture)) {
    throw new ValidationError('config.json', [
      { path: '/architectures', message: `must name one of ${known.names.join(', ')}, got ${show(architecture)}` },
    ]);
  }
  return known.model(config, architecture);
}

function architectureOf({ architectures: given }: Readonly<Record<string, unknown>>, known: Architectures): string {
  const first = Array.isArray(given) ? given[0] : undefined;
  return typeof first === 'string' ? first : known.names[0]!;
}
