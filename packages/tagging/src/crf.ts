import { type ModuleContext, uniform } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { logPartition } from './log-partition.js';

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
  const { transitions, start, end } = parameters;
  const steps = transitions.concat([start.unsqueeze([0])], 0);
  const partition = logPartition({ emissions, steps, end, inChain, maxLength });
  const total = partition.sub(goldScores(emissions, tags, parameters, places)).sum([0], false);
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
