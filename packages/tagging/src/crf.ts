import { logSumExp, stopGradient } from '@zooid/autodiff';
import { type ModuleContext, uniform } from '@zooid/nn';
import type { Graph, Value } from '@zooid/onnx';

/** Stands for an impossible step; its exponential is exactly 0. */
const IMPOSSIBLE = -1e4;
/** As PyTorch-CRF starts them. */
const INITIAL_BOUND = 0.1;

/** The scores of steps between tags as graph values. */
export interface CrfParameters {
  /** `[tags, tags]`: from row, to column. */
  readonly transitions: Value;
  /** `[tags]` of the first tag. */
  readonly start: Value;
  /** `[tags]` of the last tag. */
  readonly end: Value;
}

/** Declares `transitions`, `start_transitions` and `end_transitions` below the context's path. */
export function crfParameters(context: ModuleContext, tags: number): CrfParameters {
  const initial = uniform(INITIAL_BOUND);
  return {
    transitions: context.parameter('transitions', [tags, tags], initial),
    start: context.parameter('start_transitions', [tags], initial),
    end: context.parameter('end_transitions', [tags], initial),
  };
}

/** One tensor `[tags + 2, tags]` for an exported graph: the transitions, then start and end; see `readStepScores`. */
export function crfTable({ transitions, start, end }: CrfParameters): Value {
  return transitions.concat([start.unsqueeze([0]), end.unsqueeze([0])], 0);
}

export interface CrfLossOptions {
  /** At least as many as the longest sequence has positions. */
  readonly maxLength: number;
  /** Labels that are not in the chain: special tokens and padding. Default −100. */
  readonly ignoreIndex?: number;
}

/**
 * Negative log-likelihood of a linear-chain conditional random field (Lafferty et al. 2001), per labelled position:
 * `Σ (log Z − score of the labels) / Σ labelled positions`. Scalar; 0 where nothing is labelled.
 *
 * `log Z` is the product of one matrix per position in the (log-sum-exp, +) semiring, multiplied up as a tree, so that
 * the graph has a node per level instead of one per position, and any length goes through it.
 *
 * @param emissions `[batch, sequence, tags]`
 * @param labels int64 `[batch, sequence]`; a row's labelled positions must be adjacent.
 */
export function crfLoss(emissions: Value, labels: Value, parameters: CrfParameters, options: CrfLossOptions): Value {
  const { maxLength, ignoreIndex = -100 } = options;
  const { graph } = emissions;
  const isOut = labels.equal(ignoreIndex);
  const inChain = isOut.not().cast('float32');
  const tags = isOut.where(graph.scalar(0, 'int64'), labels);
  const places = { inChain, isFirst: edge(inChain, 'first'), isLast: edge(inChain, 'last') };
  const scores = goldScores(emissions, tags, parameters, places);
  const partition = logPartition(emissions, parameters, places, maxLength);
  const hasAny = inChain.max([1], false);
  const total = partition.sub(scores).mul(hasAny).sum([0], false);
  return total.div(inChain.sum([0, 1], false).maximum(1));
}

/** float32 `[batch, sequence]`, 1 or 0. */
interface Places {
  readonly inChain: Value;
  readonly isFirst: Value;
  readonly isLast: Value;
}

/** Where a run of ones begins or ends along the second axis. */
function edge(mask: Value, side: 'first' | 'last'): Value {
  const nothing = mask.slice(1, 0, 1).mul(0);
  const neighbour =
    side === 'first'
      ? nothing.concat([mask], 1).slice(1, 0, -1)
      : mask.slice(1, 1, Number.POSITIVE_INFINITY).concat([nothing], 1);
  return mask.mul(neighbour.neg().add(1));
}

/** Score of each row's labels: `[batch]`. */
function goldScores(emissions: Value, tags: Value, parameters: CrfParameters, places: Places): Value {
  const { transitions, start, end } = parameters;
  const { inChain, isFirst, isLast } = places;
  const size = transitions.shape[0] as number;
  const emitted = emissions
    .gatherElements(tags.unsqueeze([2]), 2)
    .squeeze([2])
    .mul(inChain);
  const previous = tags.slice(1, 0, 1).concat([tags], 1).slice(1, 0, -1);
  const steps = transitions.reshape([size * size]).gather(previous.mul(size).add(tags));
  const stepped = steps.mul(inChain.sub(isFirst));
  const edges = start.gather(tags).mul(isFirst).add(end.gather(tags).mul(isLast));
  return emitted.add(stepped).add(edges).sum([1], false);
}

/** Logarithm of the summed exponentials of all sequences' scores: `[batch]`. */
function logPartition(
  emissions: Value,
  { transitions, start, end }: CrfParameters,
  { inChain, isFirst }: Places,
  maxLength: number,
): Value {
  const { graph } = emissions;
  const size = transitions.shape[0] as number;
  const identity = logIdentity(graph, size);
  // The step into position t: from any tag to each, and what t emits. The first has nothing before it: all rows alike.
  const isFirstStep = isFirst.greater(0.5).unsqueeze([2, 3]);
  const steps = isFirstStep.where(start.unsqueeze([0]), transitions).add(emissions.unsqueeze([2]));
  let products = inChain.greater(0.5).unsqueeze([2, 3]).where(steps, identity);
  for (let reach = 1; reach < maxLength; reach *= 2) products = pairProducts(products, identity);
  // One matrix is left; its rows are alike, as those of the first step.
  const scores = products.slice(1, 0, 1).squeeze([1]).slice(1, 0, 1).squeeze([1]);
  return logSumExp(scores.add(end));
}

/** Neutral in the semiring: stay where you are. */
function logIdentity(graph: Graph, size: number): Value {
  const values = Array.from({ length: size * size }, (_, i) => (i % (size + 1) === 0 ? 0 : IMPOSSIBLE));
  return graph.constant(values, 'float32', [1, 1, size, size]);
}

/** `[batch, n, tags, tags]` to half as many, rounded up: each with the one after it. */
function pairProducts(matrices: Value, identity: Value): Value {
  const { graph } = matrices;
  const count = matrices.runtimeShape().gather(graph.scalar(1, 'int64'));
  const left = graph.emit('Range', [graph.scalar(0, 'int64'), count, graph.scalar(2, 'int64')])[0]!;
  const spare = identity.expandLike(matrices.slice(1, 0, 1));
  return logProduct(matrices.gather(left, 1), matrices.concat([spare], 1).gather(left.add(1), 1));
}

/**
 * `log Σ_k exp(a[i, k] + b[k, j])`, as a matrix product of exponentials. Each row of `a` and column of `b` is taken
 * relative to its own peak, which the product gets back; what lies 87 nats or more below a peak is nothing in float32.
 */
function logProduct(a: Value, b: Value): Value {
  const rowPeak = stopGradient(a.max([3]));
  const columnPeak = stopGradient(b.max([2]));
  const product = a.sub(rowPeak).exp().matmul(b.sub(columnPeak).exp());
  return product.maximum(1e-37).log().add(rowPeak).add(columnPeak);
}
