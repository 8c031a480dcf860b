import { asFloat32, assertFinite, type StoredTensor } from '@zooid/hub';
import type { HostTensor } from '@zooid/tensor';

/** A parameter's numbers. @throws CheckpointError when one of them is NaN or infinite, or the file is damaged. */
export async function readParameter(stored: StoredTensor): Promise<HostTensor<'float32'>> {
  const tensor = asFloat32(stored.name, await stored.read());
  assertFinite(stored.name, tensor);
  return tensor;
}
