import { CheckpointError } from '../../errors.js';
import { assertLittleEndian } from '../../safetensors/codec.js';
import { storedTypes, tensorOver } from '../../safetensors/dtypes.js';
import type { ByteSource } from '../byte-source.js';
import type { StoredTensor, WeightsFile } from '../weights-file.js';
import { openLegacyCheckpoint } from './legacy-checkpoint.js';
import { elementsOf, gatherStrided, isContiguous, spanOf } from './strided.js';
import type { StorageReference, TensorReference } from './torch-environment.js';
import { openZipCheckpoint } from './zip-checkpoint.js';

/** A checkpoint whose pickle has been read; storages are still in the file. */
export interface TorchCheckpoint {
  readonly tensors: ReadonlyMap<string, TensorReference>;
  /** Bytes `[begin, end)` of a storage. */
  readStorage(storage: StorageReference, begin: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Views of one memory may add up to more than it: a tied weight and its transpose. Beyond this factor (and a small
 * allowance) they are an attack: a file of some kilobytes with a tensor of petabytes, by a stride of 0.
 */
const maxOverlap = 4;
const overlapAllowanceBytes = 1024 * 1024;

/**
 * Opens what `torch.save(model.state_dict())` wrote, in the zip format of PyTorch 1.6 and later or the one before.
 * Only tensors and plain data can come out of it; see {@link unpickle}. Disposing of the result closes `source`.
 *
 * @throws CheckpointError when the pickle asks for anything else, naming it, or the file is damaged.
 */
export async function openTorchFile(source: ByteSource): Promise<WeightsFile> {
  assertLittleEndian();
  const magic = await source.read(0, Math.min(4, source.size));
  const isZip = new TextDecoder('latin1').decode(magic) === 'PK\u0003\u0004';
  const checkpoint = isZip ? await openZipCheckpoint(source) : await openLegacyCheckpoint(source);
  refuseAmplification(checkpoint.tensors, source.subject);
  return {
    format: 'pytorch',
    tensors: new Map(Array.from(checkpoint.tensors, ([name, tensor]) => [name, describe(name, tensor, checkpoint)])),
    metadata: new Map(),
    distinctBytes: distinctBytes(checkpoint.tensors),
    [Symbol.asyncDispose]: () => source[Symbol.asyncDispose](),
  };
}

function describe(name: string, tensor: TensorReference, checkpoint: TorchCheckpoint): StoredTensor {
  const { storage, offset, dims } = tensor;
  const { size, dtype } = storedTypes.get(storage.stored)!;
  return {
    name,
    dtype,
    dims,
    sizeBytes: elementsOf(tensor) * size,
    viewKey: viewKey(tensor),
    async read() {
      const begin = offset * size;
      const span = await checkpoint.readStorage(storage, begin, begin + spanOf(tensor) * size);
      return tensorOver(storage.stored, dims, (isContiguous(tensor) ? span : gatherStrided(span, tensor, size)).buffer);
    },
  };
}

const viewKey = ({ storage, offset, dims, strides }: TensorReference): string =>
  [storage.key, storage.stored, offset, dims.join('x'), strides.join('x')].join(':');

function refuseAmplification(tensors: ReadonlyMap<string, TensorReference>, subject: string): void {
  const views = new Map(Array.from(tensors.values(), (tensor) => [viewKey(tensor), tensor]));
  const storages = new Map(Array.from(views.values(), ({ storage }) => [storage.key, storage]));
  const bytes = (elements: number, { stored }: StorageReference) => elements * storedTypes.get(stored)!.size;
  const shown = [...views.values()].reduce((sum, view) => sum + bytes(elementsOf(view), view.storage), 0);
  const held = [...storages.values()].reduce((sum, storage) => sum + bytes(storage.elements, storage), 0);
  if (shown <= maxOverlap * held + overlapAllowanceBytes) return;
  throw new CheckpointError(
    `${subject}: its tensors would take ${shown} bytes, but it holds ${held}; ` +
      'save them with `.contiguous()`, or the file is made to exhaust memory',
  );
}

/** As Hugging Face counts when it writes an index: the first tensor of every storage. */
function distinctBytes(tensors: ReadonlyMap<string, TensorReference>): number {
  const seen = new Set<string>();
  let sum = 0;
  for (const tensor of tensors.values()) {
    if (seen.has(tensor.storage.key)) continue;
    seen.add(tensor.storage.key);
    sum += elementsOf(tensor) * storedTypes.get(tensor.storage.stored)!.size;
  }
  return sum;
}
