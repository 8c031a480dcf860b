import { AbortError, type Issue, ValidationError } from '@zooid/common';
import {
  asFloat32,
  assertFinite,
  CheckpointError,
  isFloating,
  type OpenModelWeights,
  openModelWeights,
} from '@zooid/hub';
import { type DeclaredParameter, type EncoderFamily, encoderFamily, matchCheckpoint } from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';

export interface BaseWeights {
  /** By parameter name; everything of the encoder, and of the head what fits. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
  /** Parameters that start new: absent from the checkpoint, or of another shape in it. */
  readonly fresh: readonly string[];
  /** Tensors of the checkpoint that the model has no use for: heads for other tasks, buffers. */
  readonly unused: readonly string[];
}

export interface BaseWeightsOptions {
  readonly folder: string;
  /** The folder's `config.json`; its `model_type` says under which names to look. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly declared: readonly DeclaredParameter[];
  /** Parameters that may start new without anyone asking for it: the head's. */
  readonly optional: (name: string) => boolean;
  /**
   * Names in which model and checkpoint may differ: a parameter starts new, a tensor is left out. From the recipe's
   * `train.allowMissing`, which errors then point to; absent: none.
   */
  readonly allowMissing?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Numbers among the weights that are no parameters. */
const buffers = /\.(position_ids|token_type_ids)$/;

/**
 * Loads a model folder's weights for a model: safetensors or PyTorch, sharded or not, in any floating-point type, under
 * any of the names that checkpoints of its family use. Only what the model takes is read, one tensor at a time.
 *
 * @throws ValidationError naming every tensor that is missing, left over in the encoder, of another shape, no floating
 *   point, or that holds NaN or infinity.
 * @throws ModelFolderError when there are no weights, or they are damaged.
 */
export async function readBaseWeights(options: BaseWeightsOptions): Promise<BaseWeights> {
  const { folder, config, declared, optional, signal } = options;
  const allowMissing = options.allowMissing ?? (() => false);
  const family = encoderFamily(config);
  await using checkpoint = await openModelWeights(folder, signal === undefined ? {} : { signal });
  const subject = `base model ${folder}/${checkpoint.files[0]}`;
  const match = matchCheckpoint(declared, checkpoint.tensors, {
    canonicalName: (name) => family.canonicalName(name),
    // Newer files may keep the bias only where the tied layer has it.
    alternativeName: (name) =>
      name === family.vocabularyHead.bias ? `${family.vocabularyHead.decoder}.bias` : undefined,
  });

  const fresh: string[] = [];
  const issues: Issue[] = [];
  const differ = (name: string, problem: string) => {
    if (optional(name) || allowMissing(name)) fresh.push(name);
    else issues.push({ path: '', message: `'${name}' ${problem}` });
  };
  for (const { name, shape } of match.missing) differ(name, `[${shape.join(', ')}] is missing`);
  for (const { parameter, dims } of match.misshapen) {
    differ(parameter.name, `has shape [${dims.join(', ')}], the model needs [${parameter.shape.join(', ')}]`);
  }
  for (const [name, source] of match.found) {
    const { dtype } = checkpoint.tensors.get(source)!;
    if (!isFloating(dtype)) differ(name, `is ${dtype}, the model needs floating point`);
  }
  for (const name of match.unused) {
    const canonical = family.canonicalName(name);
    if (!isEncoderTensor(canonical, family) || allowMissing(canonical) || allowMissing(name)) continue;
    issues.push({ path: '', message: `'${name}' is left over: the config describes an encoder without it` });
  }
  if (issues.length > 0) {
    const fix = "if that is meant, name them in train.allowMissing, where '*' stands for anything";
    if (options.allowMissing !== undefined) issues.push({ path: '', message: fix });
    throw new ValidationError(subject, issues);
  }
  const skipped = new Set(fresh);
  const wanted = [...match.found].filter(([name]) => !skipped.has(name));
  return { weights: await readFinite(checkpoint, { wanted, subject, signal }), fresh, unused: match.unused };
}

/** Whether a tensor is part of the encoder proper. A pooler serves some heads only, and buffers are computed. */
export function isEncoderTensor(name: string, { prefix, pooler }: EncoderFamily): boolean {
  const isPooler = pooler !== undefined && name.startsWith(`${prefix}.${pooler}.`);
  return name.startsWith(`${prefix}.`) && !isPooler && !buffers.test(name);
}

interface FiniteRequest {
  /** Parameter and tensor of the checkpoint. */
  readonly wanted: readonly (readonly [name: string, source: string])[];
  readonly subject: string;
  readonly signal: AbortSignal | undefined;
}

async function readFinite(
  { tensors }: OpenModelWeights,
  { wanted, subject, signal }: FiniteRequest,
): Promise<ReadonlyMap<string, HostTensor<'float32'>>> {
  const weights = new Map<string, HostTensor<'float32'>>();
  const issues: Issue[] = [];
  for (const [name, source] of wanted) {
    AbortError.throwIfAborted(signal);
    const tensor = asFloat32(source, await tensors.get(source)!.read());
    try {
      assertFinite(source, tensor);
    } catch (error) {
      if (!(error instanceof CheckpointError)) throw error;
      issues.push({ path: '', message: error.message });
    }
    weights.set(name, tensor);
  }
  if (issues.length > 0) throw new ValidationError(subject, issues);
  return weights;
}
