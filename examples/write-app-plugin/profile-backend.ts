import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  AbortError,
  type HostTensor,
  injectable,
  type Model,
  type ModelArtifacts,
  type ModelBackend,
  ModelError,
  ModelUnloadedError,
  type TensorMap,
} from '@zooid/spec';
import { modelType, profileConfigOf } from './profile-config.js';

/** File with one row of weights per gram, one weight per language. */
export const weightsFile = 'weights.json';

/**
 * Models that are one matrix: `logits = counts · weights`. A product takes microseconds, so it is computed where it is
 * asked for; a backend with real work to do would keep it in a worker thread.
 */
@injectable()
export class ProfileBackend implements ModelBackend {
  readonly name = 'gram-profile';

  supports({ config }: ModelArtifacts): boolean {
    return config.model_type === modelType;
  }

  async load(artifacts: ModelArtifacts): Promise<Model> {
    const { grams, languages } = profileConfigOf(artifacts);
    const weights = parseMatrix(await readFile(join(artifacts.folder, weightsFile), 'utf8').catch(() => ''));
    if (weights?.length !== grams.length || weights.some((row) => row.length !== languages.length)) {
      throw new ModelError(
        artifacts.id,
        `model '${artifacts.id}': ${weightsFile} must hold ${grams.length} rows of ${languages.length} numbers`,
      );
    }
    let isUnloaded = false;
    return {
      artifacts,
      async forward(inputs, { signal, outputs = ['logits'] } = {}) {
        AbortError.throwIfAborted(signal);
        if (isUnloaded) throw new ModelUnloadedError(artifacts.id);
        const counts = checkCounts(artifacts.id, inputs, grams.length);
        const unknown = outputs.find((name) => name !== 'logits');
        if (unknown !== undefined) throw new ModelError(artifacts.id, `there is no output '${unknown}' but 'logits'`);
        return { logits: multiply(counts, weights) };
      },
      async [Symbol.asyncDispose]() {
        isUnloaded = true;
      },
    };
  }
}

function parseMatrix(text: string): readonly (readonly number[])[] | undefined {
  try {
    const rows: unknown = JSON.parse(text);
    const isRow = (row: unknown) => Array.isArray(row) && row.every(Number.isFinite);
    return Array.isArray(rows) && rows.every(isRow) ? rows : undefined;
  } catch {
    return undefined;
  }
}

function checkCounts(model: string, inputs: TensorMap, width: number): HostTensor<'float32'> {
  const stray = Object.keys(inputs).find((name) => name !== 'counts');
  if (stray !== undefined) throw new ModelError(model, `there is no input '${stray}' but 'counts'`);
  const { counts } = inputs;
  if (counts?.dtype !== 'float32' || counts.dims.length !== 2 || counts.dims[1] !== width) {
    throw new ModelError(model, `input 'counts' must be float32 of shape [texts, ${width}]`);
  }
  return counts as HostTensor<'float32'>;
}

/** `[texts, grams] · [grams, languages]`, passing over the grams a text does not have. */
function multiply({ dims, data }: HostTensor<'float32'>, weights: readonly (readonly number[])[]): HostTensor {
  const [texts = 0, grams = 0] = dims;
  const languages = weights[0]!.length;
  const logits = new Float32Array(texts * languages);
  for (const [i, count] of data.entries()) {
    if (count === 0) continue;
    const row = Math.floor(i / grams);
    for (const [j, weight] of weights[i % grams]!.entries()) logits[row * languages + j]! += count * weight;
  }
  return { dtype: 'float32', dims: [texts, languages], data: logits };
}
