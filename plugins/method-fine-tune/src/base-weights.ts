import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issue, ValidationError } from '@zooid/common';
import { readSafetensors, weightsFile } from '@zooid/hub';
import type { DeclaredParameter } from '@zooid/nn';
import { fromFloat16, type HostTensor } from '@zooid/tensor';

export interface BaseWeights {
  /** By parameter name; everything of the encoder, and of the head what fits. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
  /** Parameters that start new: absent from the file, or of another shape in it. */
  readonly fresh: readonly string[];
  /** Tensors of the file that the model has no use for. */
  readonly unused: readonly string[];
}

export interface BaseWeightsOptions {
  readonly folder: string;
  readonly declared: readonly DeclaredParameter[];
  /** Parameters that may start new: the head's. */
  readonly optional: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Loads a model folder's weights for a model. Accepts what Hugging Face checkpoints vary in: a missing `bert.` prefix
 * (a bare `BertModel`) and `gamma`/`beta` for a LayerNorm's weight and bias.
 *
 * @throws ValidationError naming every tensor that is missing or has the wrong shape.
 */
export async function readBaseWeights({
  folder,
  declared,
  optional,
  signal,
}: BaseWeightsOptions): Promise<BaseWeights> {
  const file = join(folder, weightsFile);
  await access(file).catch(() => {
    throw new ValidationError(`base model ${folder}`, [
      {
        path: `/${weightsFile}`,
        message: 'is missing; training starts from safetensors weights, convert the model first',
      },
    ]);
  });
  const { tensors } = await readSafetensors(file, signal === undefined ? {} : { signal });
  const byName = new Map([...tensors].map(([name, tensor]) => [canonicalName(name, tensors), { name, tensor }]));

  const weights = new Map<string, HostTensor<'float32'>>();
  const fresh: string[] = [];
  const issues: Issue[] = [];
  for (const { name, shape } of declared) {
    const found = byName.get(name);
    const complaint =
      found === undefined ? `'${name}' [${shape.join(', ')}] is missing` : misfit(name, shape, found.tensor);
    if (complaint === undefined) weights.set(name, asFloat32(found!.tensor));
    else if (optional(name)) fresh.push(name);
    else issues.push({ path: '', message: complaint });
    byName.delete(name);
  }
  if (issues.length > 0) throw new ValidationError(`base model ${file}`, issues);
  return { weights, fresh, unused: Array.from(byName.values(), ({ name }) => name) };
}

function canonicalName(name: string, tensors: ReadonlyMap<string, HostTensor>): string {
  const bare = tensors.has('embeddings.word_embeddings.weight') && /^(embeddings|encoder|pooler)\./.test(name);
  return (bare ? `bert.${name}` : name).replace(/\.gamma$/, '.weight').replace(/\.beta$/, '.bias');
}

function misfit(name: string, shape: readonly number[], tensor: HostTensor): string | undefined {
  if (shape.join() !== tensor.dims.join()) {
    return `'${name}' has shape [${tensor.dims.join(', ')}], the model needs [${shape.join(', ')}]`;
  }
  const floating = tensor.dtype === 'float32' || tensor.dtype === 'float16' || tensor.dtype === 'float64';
  return floating ? undefined : `'${name}' is ${tensor.dtype}, the model needs floating point`;
}

function asFloat32(tensor: HostTensor): HostTensor<'float32'> {
  if (tensor.dtype === 'float32') return tensor as HostTensor<'float32'>;
  if (tensor.dtype === 'float16')
    return { dtype: 'float32', dims: tensor.dims, data: fromFloat16(tensor.data as Uint16Array) };
  return { dtype: 'float32', dims: tensor.dims, data: Float32Array.from(tensor.data as Float64Array) };
}
