import { storedTypes } from '../../safetensors/dtypes.js';
import type { ByteSource } from '../byte-source.js';
import { PickleEndError } from '../pickle/pickle-reader.js';
import { type UnpickleOptions, unpickle } from '../pickle/unpickle.js';
import { PickleDict, type PickleValue, typeName } from '../pickle/values.js';
import { damaged, type Fail, quote } from './damaged.js';
import { stateDictTensors } from './state-dict.js';
import { type StorageReference, TorchEnvironment } from './torch-environment.js';
import type { TorchCheckpoint } from './torch-file.js';
import { maxPickleBytes } from './zip-checkpoint.js';

const magicNumber = 0x1950a86a20f9469cfc6cn;
const protocolVersion = 1001;
/** Most checkpoints have their pickles in this; more is read when they have not. */
const firstReadBytes = 1024 * 1024;

/**
 * The format before PyTorch 1.6: pickles of a magic number, a version, facts on the machine, the object and the
 * storages' keys, then each storage with its length before it.
 *
 * @throws CheckpointError when it is not such a file, a part is missing, or a pickle is refused.
 */
export async function openLegacyCheckpoint(source: ByteSource): Promise<TorchCheckpoint> {
  const { subject } = source;
  const fail = damaged(subject);
  const { object, keys, end, storages } = await readPickles(source, fail);
  const tensors = stateDictTensors(object, subject);
  const byKey = new Map<string, StorageReference>();
  for (const storage of storages) {
    const other = byKey.get(storage.key) ?? storage;
    if (other.stored !== storage.stored || other.elements !== storage.elements) {
      return fail(`storage ${quote(storage.key)} is described in two ways`);
    }
    byKey.set(storage.key, storage);
  }
  const starts = await locateStorages(source, { byKey, keys, end }, fail);
  return {
    tensors,
    readStorage: (storage, begin, to) => {
      const start = starts.get(storage.key)!;
      return source.read(start + begin, start + to);
    },
  };
}

interface LegacyPickles {
  readonly object: PickleValue;
  /** Of the storages, in their order in the file. */
  readonly keys: readonly PickleValue[];
  /** Where the first storage begins. */
  readonly end: number;
  /** As the object mentions them, once per mention. */
  readonly storages: readonly StorageReference[];
}

async function readPickles(source: ByteSource, fail: Fail): Promise<LegacyPickles> {
  for (let length = firstReadBytes; ; length *= 4) {
    const limit = Math.min(length, maxPickleBytes, source.size);
    try {
      return parsePickles(await source.read(0, limit), source.subject, fail);
    } catch (error) {
      if (!(error instanceof PickleEndError)) throw error;
      if (limit === source.size) return fail('a pickle ends in the middle');
      if (limit === maxPickleBytes) return fail(`its pickles have more than ${maxPickleBytes} bytes`);
    }
  }
}

function parsePickles(bytes: Uint8Array, subject: string, fail: Fail): LegacyPickles {
  const environment = new TorchEnvironment(subject);
  let begin = 0;
  const next = (): PickleValue => {
    const options: UnpickleOptions = { subject, environment, begin };
    const { value, end } = unpickle(bytes, options);
    begin = end;
    return value;
  };
  if (next() !== magicNumber) return fail("it is a pickle, but not one of torch.save's");
  if (next() !== protocolVersion) return fail(`its version is not ${protocolVersion}`);
  const machine = next();
  if (!(machine instanceof PickleDict) || machine.entries.get('little_endian') !== true) {
    return fail('its byte order is not little-endian');
  }
  const object = next();
  const keys = next();
  return Array.isArray(keys)
    ? { object, keys, end: begin, storages: environment.storages }
    : fail('it has no list of storages');
}

async function locateStorages(
  source: ByteSource,
  { byKey, keys, end }: { readonly byKey: ReadonlyMap<string, StorageReference> } & Pick<LegacyPickles, 'keys' | 'end'>,
  fail: Fail,
): Promise<ReadonlyMap<string, number>> {
  const starts = new Map<string, number>();
  let at = end;
  for (const key of keys) {
    if (typeof key !== 'string') return fail(`its list of storages holds a ${typeName(key)}`);
    const storage = byKey.get(key);
    if (storage === undefined) return fail(`storage ${quote(key)} is not one the pickle knows`);
    const elements = new DataView((await source.read(at, at + 8)).buffer).getBigInt64(0, true);
    if (elements !== BigInt(storage.elements)) {
      return fail(`storage ${quote(key)} should have ${storage.elements} elements, but has ${elements}`);
    }
    starts.set(storage.key, at + 8);
    at += 8 + storage.elements * storedTypes.get(storage.stored)!.size;
    if (at > source.size) return fail('it was cut short');
  }
  const missing = [...byKey.keys()].find((key) => !starts.has(key));
  return missing === undefined ? starts : fail(`storage ${quote(missing)} is missing`);
}
