import { ModelError } from './errors.js';
import type { ModelArtifacts } from './model.js';

/**
 * For backends, before they open a weights file: refuses one that no digest vouches for, and what lies beside it under
 * its name (`model.onnx_data`).
 *
 * @param file Relative to the folder, with `/`.
 * @throws ModelError naming the file and the way out.
 */
export function refuseUnlisted({ id, folder, unlisted = [] }: ModelArtifacts, file: string): void {
  const found = unlisted.find((other) => other === file || (file.endsWith('.onnx') && other.startsWith(file)));
  if (found === undefined) return;
  const fix = `restore the zooid.json that lists it, remove the file, or write it anew with: zooid export ${id}`;
  throw new ModelError(
    id,
    `model '${id}': ${folder}: '${found}' is not listed in zooid.json, so nothing vouches for it; ${fix}`,
  );
}
