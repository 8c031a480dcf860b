import { join } from 'node:path';
import { type Issue, ValidationError } from '@zooid/common';
import { readSafetensors, weightsFile } from '@zooid/hub';
import type { DeclaredParameter } from '@zooid/nn';
import { fromFloat16, type HostTensor } from '@zooid/tensor';

/**
 * Weights to continue from. The head may start new, since a folder that was fine-tuned for something else has none.
 * @throws ValidationError naming every tensor that is missing or has the wrong shape.
 */
export async function readBaseWeights(
  folder: string,
  declared: readonly DeclaredParameter[],
): Promise<ReadonlyMap<string, HostTensor<'float32'>>> {
  const file = join(folder, weightsFile);
  const { tensors } = await readSafetensors(file);
  const weights = new Map<string, HostTensor<'float32'>>();
  const issues: Issue[] = [];
  for (const { name, shape } of declared) {
    const found = tensors.get(name);
    if (found === undefined) {
      if (!name.startsWith('cls.')) issues.push({ path: '', message: `'${name}' [${shape.join(', ')}] is missing` });
    } else if (found.dims.join() !== shape.join()) {
      const message = `'${name}' has shape [${found.dims.join(', ')}], the model needs [${shape.join(', ')}]`;
      issues.push({ path: '', message });
    } else {
      weights.set(name, { dtype: 'float32', dims: found.dims, data: asFloat32(found) });
    }
  }
  if (issues.length > 0) throw new ValidationError(`base model ${file}`, issues);
  return weights;
}

function asFloat32({ dtype, data }: HostTensor): Float32Array {
  if (dtype === 'float32') return data as Float32Array;
  return dtype === 'float16' ? fromFloat16(data as Uint16Array) : Float32Array.from(data as Float64Array);
}
