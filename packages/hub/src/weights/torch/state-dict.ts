import { CheckpointError } from '../../errors.js';
import { PickleDict, type PickleValue, typeName } from '../pickle/values.js';
import { quote } from './damaged.js';
import { TensorReference } from './torch-environment.js';

/** Under which keys training checkpoints keep the model beside optimizer and progress. */
const wrappers = ['state_dict', 'model_state_dict', 'model', 'module'];

/**
 * The tensors of a state dict by name: of the pickled dictionary itself, or of the one training checkpoints keep under
 * `state_dict`, `model_state_dict`, `model` or `module`. Items that are no tensors (version numbers) are left out.
 *
 * @throws CheckpointError when there is no such dictionary, naming what is there.
 */
export function stateDictTensors(root: PickleValue, subject: string): ReadonlyMap<string, TensorReference> {
  const tensors = tensorsOf(root);
  if (tensors.size > 0) return tensors;
  const wrapped = wrappers.map((key) => (root instanceof PickleDict ? tensorsOf(root.entries.get(key)) : tensors));
  const found = wrapped.filter(({ size }) => size > 0);
  if (found.length === 1) return found[0]!;
  const keys = root instanceof PickleDict ? [...root.entries.keys()].slice(0, 10) : [];
  const content =
    keys.length === 0 ? `a ${typeName(root)}` : `a dict of ${keys.map((key) => quote(String(key))).join(', ')}`;
  throw new CheckpointError(
    `${subject}: expected a state dict, found ${content}; save model.state_dict() alone, best with safetensors`,
  );
}

function tensorsOf(value: PickleValue | undefined): ReadonlyMap<string, TensorReference> {
  const tensors = new Map<string, TensorReference>();
  if (!(value instanceof PickleDict)) return tensors;
  for (const [key, item] of value.entries) {
    if (typeof key === 'string' && item instanceof TensorReference) tensors.set(key, item);
  }
  return tensors;
}
