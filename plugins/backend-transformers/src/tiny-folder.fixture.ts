import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeSafetensors } from '@zooid/hub';
import { GraphBuilder, pretrainedModel } from '@zooid/nn';
import type { ModelArtifacts } from '@zooid/spec';
import type { HostTensor } from '@zooid/tensor';
import { type GoldenModel, goldenModels, goldenWeights } from '@zooid/testing';

const classNames: Readonly<Record<string, string>> = {
  bert: 'Bert',
  roberta: 'Roberta',
  distilbert: 'DistilBert',
  electra: 'Electra',
  albert: 'Albert',
};

const endings: Readonly<Record<string, string>> = {
  'sequence-classification': 'ForSequenceClassification',
  'token-classification': 'ForTokenClassification',
  'masked-language-model': 'ForMaskedLM',
  discriminator: 'ForPreTraining',
};

export function golden(name: string): GoldenModel {
  return goldenModels().find((model) => model.name === name)!;
}

/** The `config.json` of a golden model with one head, as transformers would write it. */
export function goldenConfig({ config }: GoldenModel, task: string): Readonly<Record<string, unknown>> {
  const modelType = config.model_type as string;
  const architecture = modelType === 'gpt2' ? 'GPT2LMHeadModel' : classNames[modelType]! + endings[task]!;
  return { ...config, architectures: [architecture], id2label: { 0: 'a', 1: 'b', 2: 'c' } };
}

export type Weights = Map<string, HostTensor>;

/** The golden weights of the network that a config describes. */
export function weightsOf(config: Readonly<Record<string, unknown>>): Weights {
  const builder = new GraphBuilder();
  pretrainedModel(config).emit(builder);
  return goldenWeights(builder.parameters);
}

/** Writes a folder as the Hub has them: a config and weights. */
export async function writeFolder(
  folder: string,
  config: Readonly<Record<string, unknown>>,
  weights: Weights,
): Promise<ModelArtifacts> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeSafetensors(join(folder, 'model.safetensors'), weights);
  return { id: 'tiny', revision: 'r1', folder, config };
}
