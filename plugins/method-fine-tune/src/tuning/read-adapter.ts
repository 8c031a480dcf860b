import { existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Issue, ValidationError } from '@zooid/common';
import { asFloat32, assertFinite, CheckpointError, openWeightsFile, sha256File, type WeightsFile } from '@zooid/hub';
import { isEncoderTensor } from '@zooid/method-kit';
import { type DeclaredParameter, type EncoderFamily, type LoraLayer, loraNames, loraParameters } from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';

/** What PEFT calls the files of an adapter. */
export const adapterWeights = ['adapter_model.safetensors', 'adapter_model.bin'];
export const adapterConfig = 'adapter_config.json';

/** A published low-rank adapter, under the names of our modules. */
export interface Adapter {
  /** Its updates by path of the linear layer. */
  readonly plan: ReadonlyMap<string, LoraLayer>;
  /** A and B of every update, and the parameters it holds whole. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
  /** Tensors for which the model has no place: the head of another task. */
  readonly unused: readonly string[];
  /** sha256 of its weights, with the alpha that they were read with. */
  readonly digest: string;
}

export interface AdapterRequest {
  readonly family: EncoderFamily;
  /** The plain model's parameters. */
  readonly declared: readonly DeclaredParameter[];
  /** What an adapter without `adapter_config.json` was trained with. */
  readonly alpha: number | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads a LoRA adapter: a folder of PEFT's, or one weights file in its layout or loralib's, safetensors or PyTorch.
 *
 * @throws ValidationError naming every tensor that has no place in the model, another shape, or is not finite; for an
 *   adapter of another method; and when nobody tells its alpha.
 * @throws CheckpointError when the weights cannot be read.
 */
export async function readAdapter(path: string, request: AdapterRequest): Promise<Adapter> {
  const { family, declared, signal } = request;
  const file = (await stat(path)).isDirectory() ? weightsIn(path) : path;
  const { alpha, isStabilised } = alphaOf(await readConfig(join(dirname(file), adapterConfig)), file, request.alpha);
  await using checkpoint = await openWeightsFile(file);
  const { updates, whole, unused } = loraNames(checkpoint.tensors, {
    canonicalName: (name) => family.canonicalName(name),
    declared,
    optional: (name) => !isEncoderTensor(name, family),
  });
  const plan = new Map<string, LoraLayer>();
  const wanted = new Map(whole);
  for (const { parameter, rank, down, up } of updates) {
    const layer = parameter.replace(/\.weight$/, '');
    plan.set(layer, { rank, scale: alpha / (isStabilised ? Math.sqrt(rank) : rank) });
    const names = loraParameters(layer);
    wanted.set(names.down, down).set(names.up, up);
  }
  const digest = `${await sha256File(file, signal === undefined ? {} : { signal })} alpha ${alpha}`;
  return { plan, weights: await readFinite(checkpoint, wanted, file), unused, digest };
}

function weightsIn(folder: string): string {
  const found = adapterWeights.map((name) => join(folder, name)).find((file) => existsSync(file));
  if (found !== undefined) return found;
  throw new ValidationError('recipe', [
    { path: '/data/resources/adapter', message: `names ${folder}, which has no ${adapterWeights.join(' or ')}` },
  ]);
}

type Config = Readonly<Record<string, unknown>>;

/** PEFT's description beside the weights; `undefined` when there is none. */
async function readConfig(file: string): Promise<Config | undefined> {
  if (!existsSync(file)) return undefined;
  let config: unknown;
  try {
    config = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new ValidationError(file, [{ path: '', message: `is not JSON: ${(error as Error).message}` }]);
  }
  if (typeof config !== 'object' || config === null) {
    throw new ValidationError(file, [{ path: '', message: 'must hold a JSON object' }]);
  }
  checkConfig(config as Config, file);
  return config as Config;
}

function checkConfig(config: Config, file: string): void {
  const { peft_type: type, lora_alpha: alpha, alpha_pattern: pattern, use_dora: isDora } = config;
  const issues: Issue[] = [];
  if (type !== 'LORA') issues.push({ path: '/peft_type', message: `must be 'LORA', got ${JSON.stringify(type)}` });
  if (typeof alpha !== 'number' || !(alpha > 0)) {
    issues.push({ path: '/lora_alpha', message: `must be a number > 0, got ${JSON.stringify(alpha)}` });
  }
  const hasPattern = typeof pattern === 'object' && pattern !== null && Object.keys(pattern).length > 0;
  if (hasPattern || isDora === true) {
    const path = hasPattern ? '/alpha_pattern' : '/use_dora';
    issues.push({ path, message: 'is not supported; merge the adapter where it was made' });
  }
  if (issues.length > 0) throw new ValidationError(file, issues);
}

function alphaOf(config: Config | undefined, file: string, given: number | undefined) {
  const said = config?.lora_alpha as number | undefined;
  if (said !== undefined && given !== undefined && said !== given) {
    throw new ValidationError('recipe', [
      {
        path: '/train/adapterAlpha',
        message: `is ${given}, but ${adapterConfig} beside ${file} says ${said}; leave it out`,
      },
    ]);
  }
  const alpha = said ?? given;
  if (alpha === undefined) {
    throw new ValidationError('recipe', [
      { path: '/train/adapterAlpha', message: `is needed: no ${adapterConfig} beside ${file} tells its alpha` },
    ]);
  }
  return { alpha, isStabilised: config?.use_rslora === true };
}

async function readFinite({ tensors }: WeightsFile, wanted: ReadonlyMap<string, string>, file: string) {
  const weights = new Map<string, HostTensor<'float32'>>();
  const issues: Issue[] = [];
  for (const [name, source] of wanted) {
    try {
      const tensor = asFloat32(source, await tensors.get(source)!.read());
      assertFinite(source, tensor);
      weights.set(name, tensor);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      issues.push({ path: '', message: error.message });
    }
  }
  if (issues.length > 0) throw new ValidationError(`LoRA adapter ${file}`, issues);
  return weights;
}
