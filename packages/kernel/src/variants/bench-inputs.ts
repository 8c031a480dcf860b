import { type Model, ModelError } from '@zooid/spec';
import { elementCount, type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';

/** Where a config does not say how many words there are. */
const FEW_WORDS = 100;

/** The size of axes that are neither batch nor sequence. */
const OTHER = 3;

/**
 * Inputs of one forward pass of `batch` rows of `length` tokens without padding: words at random, masks of ones, zeros for
 * the rest. The same for the same sizes.
 *
 * @throws ModelError when the backend cannot tell what the model takes.
 */
export function benchInputs({ inputs, artifacts }: Model, batch: number, length: number): TensorMap {
  if (inputs === undefined) {
    throw new ModelError(artifacts.id, `model '${artifacts.id}': its backend does not tell what inputs it takes`);
  }
  const { vocab_size: words } = artifacts.config;
  const vocabulary = typeof words === 'number' && words > 0 ? words : FEW_WORDS;
  const random = new Random(17);
  const sequence = inputs.map(({ shape }) => shape[1]).find((dim) => typeof dim === 'string' && dim !== '');
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape }) => {
      const dims = shape.map((dim, axis) => {
        if (typeof dim === 'number') return dim;
        return axis === 0 ? batch : axis === 1 || dim === sequence ? length : OTHER;
      });
      const count = elementCount(dims);
      const value = name.includes('mask') ? () => 1 : name === 'input_ids' ? () => random.int(vocabulary) : () => 0;
      const input: HostTensor = tensor(dtype, Array.from({ length: count }, value), dims);
      return [name, input];
    }),
  );
}
