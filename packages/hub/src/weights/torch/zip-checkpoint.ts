import { storedTypes } from '../../safetensors/dtypes.js';
import type { ByteSource } from '../byte-source.js';
import { PickleEndError } from '../pickle/pickle-reader.js';
import { unpickle } from '../pickle/unpickle.js';
import { damaged, type Fail, quote } from './damaged.js';
import { stateDictTensors } from './state-dict.js';
import { type StorageReference, TorchEnvironment } from './torch-environment.js';
import type { TorchCheckpoint } from './torch-file.js';
import { ZipArchive } from './zip-archive.js';
import type { ZipEntry } from './zip-directory.js';

/** Ten times the pickle of the largest published checkpoints. */
export const maxPickleBytes = 32 * 1024 * 1024;

/**
 * The zip format: `<root>/data.pkl` describes the tensors, `<root>/data/<key>` holds a storage each.
 *
 * @throws CheckpointError when a part is missing, of another size than the pickle says, or the pickle is refused.
 */
export async function openZipCheckpoint(source: ByteSource): Promise<TorchCheckpoint> {
  const { subject } = source;
  const archive = await ZipArchive.open(source);
  const fail = damaged(subject);
  const roots = [...archive.entries.keys()].flatMap((name) => /^([^/]+\/)data\.pkl$/.exec(name)?.[1] ?? []);
  if (roots.length !== 1)
    return fail(`the archive holds ${roots.length} pickles named data.pkl where one was expected`);
  const root = roots[0]!;

  const pickle = archive.entries.get(`${root}data.pkl`)!;
  if (pickle.sizeBytes > maxPickleBytes)
    return fail(`the pickle has ${pickle.sizeBytes} bytes, at most ${maxPickleBytes} are read`);
  await refuseBigEndian(archive, root, fail);
  const value = readPickle(await archive.read(pickle), subject, fail);
  const tensors = stateDictTensors(value, subject);

  const entryOf = ({ key, stored, elements }: StorageReference): ZipEntry => {
    const entry = archive.entries.get(`${root}data/${key}`);
    if (entry === undefined) return fail(`storage ${quote(key)} is missing`);
    const expected = elements * storedTypes.get(stored)!.size;
    if (entry.sizeBytes !== expected) {
      return fail(`storage ${quote(key)} should have ${expected} bytes, but has ${entry.sizeBytes}`);
    }
    return entry;
  };
  for (const { storage } of tensors.values()) entryOf(storage);
  return { tensors, readStorage: async (storage, begin, end) => archive.read(entryOf(storage), begin, end) };
}

function readPickle(bytes: Uint8Array, subject: string, fail: Fail) {
  try {
    return unpickle(bytes, { subject, environment: new TorchEnvironment(subject) }).value;
  } catch (error) {
    if (error instanceof PickleEndError) return fail('the pickle ends in the middle');
    throw error;
  }
}

async function refuseBigEndian(archive: ZipArchive, root: string, fail: Fail): Promise<void> {
  const entry = archive.entries.get(`${root}byteorder`);
  if (entry === undefined) return;
  const order = entry.sizeBytes > 16 ? 'unknown' : new TextDecoder().decode(await archive.read(entry)).trim();
  if (order !== 'little') fail(`the byte order is ${quote(order)}, only "little" is read`);
}
