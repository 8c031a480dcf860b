import { type Dim, type HostTensor, tensor } from '@zooid/tensor';
import type { GraphNode } from '../graph.js';
import type { Value } from '../value.js';
import { type LinearMatch, matchLinear, operands, producedBy, transposes } from './match.js';
import { paddingMask } from './padding-mask.js';
import type { RewriteRule, Rewriting } from './rewrite-graph.js';

/**
 * Attention, from the three projections to the heads side by side again → one operator of com.microsoft: `Attention`
 * with all projections packed into one product where all three are of the same states; else `MultiHeadAttention`, with
 * keys and values packed. Matched at the last `Reshape`; covers the order of transpositions and scalings that our own
 * modules emit and those of torch exports.
 */
export const fuseAttention: RewriteRule = (node, rewriting) => {
  const match = matchAttention(node, rewriting);
  if (match === undefined) return undefined;
  const { query, key, value, heads, scale, bias } = match;
  const masking = bias === undefined ? {} : emitBias(bias, match, rewriting);
  if (masking === undefined) return undefined;
  const attributes = {
    num_heads: heads,
    scale: { float: scale },
    ...(masking.filter !== undefined && { mask_filter_value: { float: masking.filter } }),
  };
  const [mask, added] = [masking.mask ?? null, masking.bias ?? null];
  const { graph } = rewriting;
  const name = node.outputs[0]!.name;
  if (query.linear.x !== key.linear.x) {
    const { weight, bias } = pack([key.linear, value.linear], rewriting);
    const packed = rewriting.copyOf(key.linear.x).matmul(weight).add(bias);
    const widths = [key.linear.weight.columns, value.linear.weight.columns];
    const inputs = [rewriting.copyOf(query.projected), ...packed.split(2, widths), null, mask, added];
    return graph.emit('MultiHeadAttention', inputs, attributes, [name])[0]!;
  }
  const parts = [query.linear, key.linear, value.linear];
  const packed = pack(parts, rewriting);
  const widths = parts.map(({ weight }) => weight.columns);
  const inputs = [rewriting.copyOf(key.linear.x), packed.weight, packed.bias, mask, null, added];
  const sizes = widths[2] === widths[0] ? {} : { qkv_hidden_sizes: widths };
  return graph.emit('Attention', inputs, { ...attributes, ...sizes }, [name])[0]!;
};

interface AttentionMatch {
  readonly query: Heads;
  readonly key: Heads;
  readonly value: Heads;
  readonly heads: number;
  readonly scale: number;
  /** Of the source graph, added to the scaled scores. */
  readonly bias: Value | undefined;
}

/** `[batch, sequence, heads × d]` split into heads, times a constant. */
interface Heads {
  readonly linear: LinearMatch;
  /** Its result. */
  readonly projected: Value;
  readonly heads: number;
  readonly scale: number;
}

function matchAttention(node: GraphNode, rewriting: Rewriting): AttentionMatch | undefined {
  const merged = node.op === 'Reshape' ? producedBy(node.inputs[0], 'Transpose') : undefined;
  if (!transposes(merged, 0, 2, 1, 3) || !mergesHeads(node)) return undefined;
  const mixed = inner(merged.inputs[0]!, 'MatMul', rewriting);
  const softmax = mixed && inner(mixed.inputs[0]!, 'Softmax', rewriting);
  const value = mixed && matchHeads(mixed.inputs[1]!, [0, 2, 1, 3], rewriting);
  if (softmax === undefined || value === undefined || value.scale !== 1) return undefined;
  const axis = softmax.attributes.axis ?? -1;
  if (axis !== -1 && axis !== 3) return undefined;

  const scores = matchScores(softmax.inputs[0]!, rewriting);
  if (scores === undefined) return undefined;
  const { query, key, bias } = scores;
  const sameSource = key.linear.x === value.linear.x && key.linear.x.rank === 3;
  const sameHeads = query.heads === key.heads && query.heads === value.heads;
  const sameWidth = query.linear.weight.columns === key.linear.weight.columns;
  if (!sameSource || !sameHeads || !sameWidth) return undefined;
  return { query, key, value, heads: query.heads, scale: scores.scale * query.scale * key.scale, bias };
}

/** `[batch, sequence, heads, d]` → `[batch, sequence, heads × d]` */
function mergesHeads({ inputs, outputs }: GraphNode): boolean {
  const [from, to] = [inputs[0]!.shape, outputs[0]!.shape];
  const [heads, d] = from.slice(2);
  const isMerge = typeof heads === 'number' && typeof d === 'number' && to[2] === heads * d;
  return from.length === 4 && to.length === 3 && isMerge && (from[0] === to[0] || from[1] === to[1]);
}

/** `q kᵀ · scale + bias`, with neither, either or both. */
function matchScores(
  value: Value,
  rewriting: Rewriting,
): { query: Heads; key: Heads; scale: number; bias?: Value } | undefined {
  if (!rewriting.isInner(value)) return undefined;
  const sum = producedBy(value, 'Add');
  if (sum !== undefined) {
    const match = operands(sum, (operand) => matchProducts(operand, rewriting));
    return match && { ...match[0], bias: match[1] };
  }
  return matchProducts(value, rewriting);
}

function matchProducts(value: Value, rewriting: Rewriting): { query: Heads; key: Heads; scale: number } | undefined {
  const { inner: product, scale } = withoutScale(value, rewriting);
  const matmul = inner(product, 'MatMul', rewriting);
  const query = matmul && matchHeads(matmul.inputs[0]!, [0, 2, 1, 3], rewriting);
  const key = matmul && matchKeys(matmul.inputs[1]!, rewriting);
  return query && key && { query, key, scale };
}

/** Keys as `[batch, heads, d, sequence]`, by one transposition or two, scaled before, between or after. */
function matchKeys(value: Value, rewriting: Rewriting): Heads | undefined {
  const { inner: keys, scale } = withoutScale(value, rewriting);
  const transpose = producedBy(keys, 'Transpose');
  const heads = transposes(transpose, 0, 1, 3, 2)
    ? matchHeads(transpose.inputs[0]!, [0, 2, 1, 3], rewriting)
    : matchHeads(keys, [0, 2, 3, 1], rewriting);
  return heads && { ...heads, scale: heads.scale * scale };
}

function matchHeads(value: Value, perm: readonly number[], rewriting: Rewriting): Heads | undefined {
  const { inner: states, scale } = withoutScale(value, rewriting);
  const transpose = producedBy(states, 'Transpose');
  if (!transposes(transpose, ...perm)) return undefined;
  const reshape = producedBy(transpose.inputs[0], 'Reshape');
  const projected = reshape?.inputs[0];
  if (reshape === undefined || projected?.producer === undefined) return undefined;
  const [from, to] = [projected.shape, reshape.outputs[0]!.shape];
  const [heads, d] = to.slice(2);
  const isSplit = typeof heads === 'number' && typeof d === 'number' && from[2] === heads * d;
  if (from.length !== 3 || to.length !== 4 || !isSplit || (from[0] !== to[0] && from[1] !== to[1])) return undefined;
  const linear = matchLinear(projected.producer, rewriting);
  return linear && { linear, projected, heads, scale };
}

/** Takes a product with, or a quotient by, a number off a value. */
function withoutScale(value: Value, rewriting: Rewriting): { inner: Value; scale: number } {
  const product = producedBy(value, 'Mul');
  const match = product && operands(product, (operand) => rewriting.scalar(operand));
  if (match !== undefined) return { inner: match[1], scale: match[0] };
  const quotient = producedBy(value, 'Div');
  const divisor = quotient && rewriting.scalar(quotient.inputs[1]!);
  return divisor ? { inner: quotient!.inputs[0]!, scale: 1 / divisor } : { inner: value, scale: 1 };
}

/** The producer of a value that nobody else reads. */
function inner(value: Value, op: 'MatMul' | 'Softmax', rewriting: Rewriting): GraphNode | undefined {
  return rewriting.isInner(value) ? producedBy(value, op) : undefined;
}

interface Masking {
  readonly mask?: Value;
  readonly filter?: number;
  readonly bias?: Value;
}

/** As a padding mask where it is one; else as a bias of full size, which the kernel wants. */
function emitBias(bias: Value, { query, key, heads }: AttentionMatch, rewriting: Rewriting): Masking | undefined {
  const padding = paddingMask(bias, rewriting);
  if (padding !== undefined) {
    const mask = rewriting.once(`mask ${padding.mask.name}`, () => rewriting.copyOf(padding.mask).cast('int32'));
    return { mask, filter: padding.filter };
  }
  const copy = rewriting.copyOf(bias);
  const [batch, each, queries, keys] = copy.shape;
  const [full, length] = [query, key].map(({ projected }) => rewriting.copyOf(projected).shape[1]!) as [Dim, Dim];
  const fits = copy.rank === 4 && keys === length && (queries === full || queries === 1);
  if (!fits || (each !== 1 && each !== heads) || (batch !== 1 && batch !== key.projected.shape[0])) return undefined;
  if (queries === full) return { bias: copy };
  return { bias: rewriting.once(`bias ${bias.name}`, () => copy.expand([batch!, each!, full, length])) };
}

/** The weights of several projections of the same states side by side, stored once for layers that share them. */
function pack(parts: readonly LinearMatch[], rewriting: Rewriting): { readonly weight: Value; readonly bias: Value } {
  const { graph } = rewriting;
  const weights = parts.map(({ weight }) => weight.key).join(' | ');
  const biases = parts.map(({ bias }) => bias?.name ?? '').join(' | ');
  const stem = parts.length === 3 ? 'qkv' : 'kv';
  return {
    weight: rewriting.once(`weight ${weights}`, () =>
      graph.initializer(graph.freshName(`${stem}.weight`), packWeights(parts)),
    ),
    bias: rewriting.once(`bias ${weights} ${biases}`, () =>
      graph.initializer(graph.freshName(`${stem}.bias`), packBiases(parts, rewriting)),
    ),
  };
}

/** `[in, columns of all]` */
function packWeights(parts: readonly LinearMatch[]): HostTensor<'float32'> {
  const inner = parts[0]!.weight.inner;
  const width = parts.reduce((sum, { weight }) => sum + weight.columns, 0);
  const packed = new Float32Array(inner * width);
  let offset = 0;
  for (const { weight } of parts) {
    const { data, columns, transposed } = weight;
    for (let row = 0; row < inner; row++) {
      const to = row * width + offset;
      if (transposed)
        for (let column = 0; column < columns; column++) packed[to + column] = data[column * inner + row]!;
      else packed.set(data.subarray(row * columns, (row + 1) * columns), to);
    }
    offset += columns;
  }
  return tensor('float32', packed, [inner, width]);
}

function packBiases(parts: readonly LinearMatch[], rewriting: Rewriting): HostTensor<'float32'> {
  const vectors = parts.map(({ bias, weight }) =>
    bias === undefined ? new Float32Array(weight.columns) : rewriting.floats(bias, 1)!.data,
  );
  return tensor('float32', Float32Array.from(vectors.flatMap((vector) => [...vector])));
}
