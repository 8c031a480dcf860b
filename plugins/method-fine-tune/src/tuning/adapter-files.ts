import { encodeSafetensors } from '@zooid/hub';
import { type LoraLayer, loraParameters } from '@zooid/nn';
import type { LoraPlan } from './plan-lora.js';
import { adapterConfig, adapterWeights } from './read-adapter.js';
import type { Weights } from './tuning.js';

/** Where an adapter lies in the model folder. */
const folder = 'adapter';
/** What PEFT puts before the names of the model it wraps. */
const wrapper = 'base_model.model.';

/** PEFT's names of our tasks. */
const taskTypes: Readonly<Record<string, string>> = {
  'text-classification': 'SEQ_CLS',
  'token-classification': 'TOKEN_CLS',
  'feature-extraction': 'FEATURE_EXTRACTION',
};

/** Files of the model folder by path. */
export type AdapterFiles = ReadonlyMap<string, string | Uint8Array>;

export interface AdapterFilesRequest {
  readonly plan: LoraPlan;
  /** Paths of the encoder's linear layers. */
  readonly layers: readonly string[];
  readonly dropout: number;
  /** As trained, with A and B. */
  readonly weights: Weights;
  /** Parameters that were trained whole: the head. */
  readonly whole: readonly string[];
  /** Id of the base model. */
  readonly base: string;
  readonly task: string;
}

/** The update by itself, in the layout that PEFT reads. */
export function adapterFiles(request: AdapterFilesRequest): AdapterFiles {
  const { plan, weights, whole } = request;
  const names = [...Array.from(plan.keys(), loraParameters).flatMap(({ down, up }) => [down, up]), ...whole];
  const tensors = names.map((name) => [wrapper + name, weights.get(name)!] as const);
  return new Map<string, string | Uint8Array>([
    [`${folder}/${adapterWeights[0]}`, encodeSafetensors(tensors, { format: 'pt' })],
    [`${folder}/${adapterConfig}`, `${JSON.stringify(configOf(request), null, 2)}\n`],
  ]);
}

function configOf({ plan, layers, dropout, whole, base, task }: AdapterFilesRequest) {
  const [{ rank, scale } = { rank: 0, scale: 0 }] = plan.values();
  const alpha = alphaOf({ rank, scale });
  const others = [...plan].filter(([, layer]) => layer.rank !== rank);
  const otherAlphas = others.filter(([, layer]) => alphaOf(layer) !== alpha);
  return {
    peft_type: 'LORA',
    task_type: taskTypes[task] ?? null,
    base_model_name_or_path: base,
    r: rank,
    lora_alpha: alpha,
    rank_pattern: Object.fromEntries(others.map(([path, layer]) => [path, layer.rank])),
    alpha_pattern: Object.fromEntries(otherAlphas.map(([path, layer]) => [path, alphaOf(layer)])),
    lora_dropout: dropout,
    target_modules: targetModules(plan, layers),
    modules_to_save: [...new Set(whole.map((name) => name.replace(/\.[^.]+$/, '')))],
    bias: 'none',
    fan_in_fan_out: false,
    use_rslora: false,
    use_dora: false,
    inference_mode: true,
  };
}

/** Without the rounding that came with dividing by the rank. */
const alphaOf = ({ rank, scale }: LoraLayer): number => Number((scale * rank).toPrecision(12));

/** Last parts of paths, as people write them, where all layers so called are updated; whole paths otherwise. */
function targetModules(plan: LoraPlan, layers: readonly string[]): string[] {
  const last = (path: string): string => path.split('.').at(-1)!;
  const partial = new Set(layers.filter((path) => !plan.has(path)).map(last));
  return [...new Set(Array.from(plan.keys(), (path) => (partial.has(last(path)) ? path : last(path))))];
}
