import { ValidationError } from '@zooid/common';
import { findExportedGraph, hasWeightsFile, type ImportedModel, importModel } from '@zooid/method-kit';
import type { TrainingJob } from '@zooid/spec';
import type { PreparedTask } from '@zooid/trainer';
import type { FineTuneOptions } from './options.js';
import { tuningKinds } from './tuning/tuning.js';

/**
 * The network of a base model that is an exported graph: one without weights beside it, or where `importGraph` asks for
 * it.
 *
 * @returns `undefined` for a base with weights, for one without either (whoever reads its weights says so), and without
 *   a base.
 * @throws ValidationError when the graph cannot be trained, or not in the way that the options ask for.
 */
export async function importedBase(
  { base, data }: TrainingJob,
  task: PreparedTask,
  options: FineTuneOptions,
): Promise<ImportedModel | undefined> {
  const isWanted = options.importGraph;
  if (base === undefined) {
    if (isWanted !== true) return undefined;
    throw refusal('/train/importGraph', "needs a base model with an exported graph; name it in 'model'");
  }
  if (isWanted === false || (isWanted === undefined && (await hasWeightsFile(base.folder)))) return undefined;
  const { folder } = base;
  const file = await findExportedGraph(folder);
  if (file === undefined) {
    if (isWanted !== true) return undefined;
    throw refusal('/train/importGraph', `needs an onnx/model.onnx, which ${folder} does not have`);
  }
  const { layerDecay, recompute } = options;
  // What needs to know the encoder's layers.
  const paths = tuningKinds(options).map((kind) => `/train/${kind}`);
  if (layerDecay !== undefined) paths.push('/train/layerDecay');
  if (recompute !== 'none') paths.push('/train/recompute');
  if (data.resources.adapter !== undefined) paths.push('/data/resources/adapter');
  if (paths.length > 0) {
    const message = `needs a base model with weights; ${folder} is an exported graph, which is trained as it is`;
    throw new ValidationError(
      'recipe',
      paths.map((path) => ({ path, message })),
    );
  }
  return importModel({ folder, file, task, keepHead: options.keepHead });
}

function refusal(path: string, message: string): ValidationError {
  return new ValidationError('recipe', [{ path, message }]);
}
