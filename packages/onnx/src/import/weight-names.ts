import type { Value } from '../value.js';
import { type LivePart, readersOf } from './live-part.js';

/** Names that exporters make up for what they folded: `onnx::MatMul_123`, `417`, `val_8`. */
const MADE_UP = /::|^[\d_]+$|^(?:val|const|tensor|initializer)_?\d+$/i;

export function isMadeUp(name: string): boolean {
  return MADE_UP.test(name);
}

/**
 * Whether a value is the weight of a linear layer that the exporter turned: PyTorch keeps `[out, in]`, `MatMul` wants
 * `[in, out]`, and the exporter folds the transposition into a constant with a name of its own.
 */
export function isFoldedLinear(value: Value, live: LivePart): boolean {
  const places = readersOf(value, live);
  return (
    value.rank === 2 &&
    isMadeUp(value.name) &&
    places.length > 0 &&
    places.every(({ node, index }) => node?.op === 'MatMul' && index === 1)
  );
}

/**
 * What a folded linear weight was called: after the bias that is added to its product, else after the module in the
 * node's name (`/encoder/layer.0/output/dense/MatMul`).
 */
export function linearWeightName(value: Value, live: LivePart): string | undefined {
  const product = readersOf(value, live)[0]?.node;
  if (product === undefined) return undefined;
  const bias = biasOf(product.outputs[0]!, live);
  if (bias !== undefined) return bias.replace(/bias$/, 'weight');
  const scope = product.name.split('/').filter((part) => part !== '');
  return scope.length > 1 ? `${scope.slice(0, -1).join('.')}.weight` : undefined;
}

function biasOf(product: Value, { uses }: LivePart): string | undefined {
  const places = uses.get(product) ?? [];
  const add = places.length === 1 ? places[0]!.node : undefined;
  if (add?.op !== 'Add') return undefined;
  const other = add.inputs.find((input) => input !== product);
  return other?.rank === 1 && /(?:^|[._])bias$/.test(other.name) ? other.name : undefined;
}
