import { type Issue, ValidationError } from '@zooid/common';
import { asFloat32, assertFinite, assertVocabularyFits, isFloating, openModelWeights, type StoredTensor } from '@zooid/hub';
import { type CheckpointMatch, type DeclaredParameter, type EncoderFamily, encoderFamily, matchCheckpoint } from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';

export interface BaseWeights {
  /** By parameter name; everything of the encoder, and of the head what fits. */
  readonly weights: ReadonlyMap<string, HostTensor<'float32'>>;
  /** Parameters that start new: absent from the file, or of another shape in it. */
  readonly fresh: readonly string[];
  /** Tensors of the file that the model has no use for: heads for other tasks, buffers. */
  readonly unused: readonly string[];
}

export interface BaseWeightsOptions {
  readonly folder: string;
  /** The folder's `config.json`; its `model_type` says under which names to look. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly declared: readonly DeclaredParameter[];
  /** Parameters that may start new without being asked for: the head's. */
  readonly optional: (name: string) => boolean;
  /** Parameters and tensors of the encoder that model and checkpoint need not share. Default: none. */
  readonly allowMissing?: (name: string) => boolean;
  /** Tokens of the folder's tokenizer; compared with the word table. */
  readonly tokens?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Numbers that are no parameters but lie among them. */
const buffers = /\.(position_ids|token_type_ids)$/;

/**
 * Loads a model folder's weights for a model: safetensors or PyTorch, sharded or not, in any floating-point type, under
 * any of the names that checkpoints of its family use. Only what the model takes is read.
 *
 * @throws ValidationError naming every tensor that is missing, left over in the encoder, of the wrong shape, of integers,
 *   or that holds NaN or infinity.
 * @throws ModelFolderError when there are no weights, they are damaged, or the tokenizer does not fit.
 */
export async function readBaseWeights(options: BaseWeightsOptions): Promise<BaseWeights> {
  const { folder, config, declared, optional, allowMissing = () => false, tokens, signal } = options;
  const family = encoderFamily(config);
  await using checkpoint = await openModelWeights(folder, signal === undefined ? {} : { signal });
  const { tensors } = checkpoint;
  const match = matchCheckpoint(declared, tensors, {
    canonicalName: family.canonicalName,
    alternativeName: ({}) => undefined,
  });
  checkVocabulary(folder, { family, config, tensors, tokens });

  const mayStartNew = (name: string) => optional(name) || allowMissing(name);
  const fresh: string[] = [];
  const issues: Issue[] = [];
  const complain = (message: string) => issues.push({ path: '', message });
  return { weights: new Map(), fresh, unused: [] };
}
