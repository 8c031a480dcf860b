import { withGradient } from '@zooid/autodiff';
import { runtimeShape, subtractDims, type Value } from '@zooid/onnx';

/** What a step's sum is at least, so that its logarithm is finite. */
const TINY = 1e-30;

export interface PartitionInputs {
  /** `[batch, sequence, tags]` */
  readonly emissions: Value;
  /** `[tags + 1, tags]`: scores of steps from row to column; the last row is the step into the first position. */
  readonly steps: Value;
  /** `[tags]`: scores of the last position. */
  readonly end: Value;
  /** float32 `[batch, sequence]`: 1 where a position is in the chain; the others are passed over. */
  readonly inChain: Value;
  /** At least as many as the longest sequence has positions. */
  readonly maxLength: number;
}

/**
 * Logarithm of the summed exponentials of the scores of all tag sequences, `[batch]`: the forward algorithm, unrolled over
 * `maxLength` positions; its gradient is the backward algorithm. Both run on probabilities that are scaled to sum to 1
 * at every position. A row without a position in the chain has the value 0.
 */
export function logPartition(inputs: PartitionInputs): Value {
  const weights = exponentials(inputs);
  const forward = runForward(weights);
  const { emissions, steps, end, inChain } = inputs;
  const logs = firstPositions(stack(forward.sums).log(), emissions).squeeze([2]).transpose([1, 0]);
  const perPosition = logs.add(weights.emissionPeak.squeeze([2])).add(weights.stepPeak);
  const hasAny = inChain.max([1], false);
  const last = forward.total.log().squeeze([0, 2]).add(weights.endPeak).mul(hasAny);
  return withGradient(perPosition.mul(inChain).sum([1], false).add(last), {
    inputs: [emissions, steps, end],
    vjp: (dy) => runBackward(inputs, weights, forward, dy.mul(hasAny)),
  });
}

/**
 * Scores as factors of probabilities, relative to their peaks. There is one tag more, the last, which is before the
 * first position; `positions` and what is in the chain come as one slice `[1, batch, …]` per position.
 */
interface Weights {
  readonly positions: readonly Value[];
  /** bool `[1, batch, 1]` */
  readonly counts: readonly Value[];
  /** `[tags + 1, tags + 1]` */
  readonly steps: Value;
  /** `[tags + 1]` */
  readonly end: Value;
  readonly emissionPeak: Value;
  readonly stepPeak: Value;
  readonly endPeak: Value;
}

function exponentials({ emissions, steps, end, inChain, maxLength }: PartitionInputs): Weights {
  const { graph } = emissions;
  const emissionPeak = emissions.max([2]);
  const stepPeak = steps.max([0, 1], false);
  const endPeak = end.max([0], false);
  const missing = subtractDims(maxLength, emissions.shape[1]!);
  const pad = (x: Value, after: readonly (number | string)[]): Value =>
    graph.emit('Pad', [x, runtimeShape(graph, [...after.map(() => 0), ...after])])[0]!;
  const slices = (x: Value) => x.split(0, new Array<number>(maxLength).fill(1));
  return {
    positions: slices(pad(emissions.sub(emissionPeak).exp().transpose([1, 0, 2]), [missing, 0, 1])),
    counts: slices(pad(inChain.transpose([1, 0]).unsqueeze([2]), [missing, 0, 0]).greater(0.5)),
    steps: pad(steps.sub(stepPeak).exp(), [0, 1]),
    end: end
      .sub(endPeak)
      .exp()
      .concat([graph.constant([1])], 0),
    emissionPeak,
    stepPeak,
    endPeak,
  };
}

/** Probabilities of the tag at each position, given what came up to it. */
interface Forward {
  /** `[1, batch, tags + 1]`: before the first position, and after each. */
  readonly states: readonly Value[];
  /** `[1, batch, 1]`: what each position's state was divided by. */
  readonly sums: readonly Value[];
  /** `[1, batch, 1]`: the end's factor. */
  readonly total: Value;
}

function runForward({ positions, counts, steps, end }: Weights): Forward {
  const { graph } = steps;
  const size = steps.shape[0] as number;
  const before = Array.from({ length: size }, (_, tag) => Number(tag === size - 1));
  let state = positions[0]!.mul(0).add(graph.constant(before, 'float32', [1, 1, size]));
  const states = [state];
  const sums = positions.map((position, i) => {
    const next = state.matmul(steps).mul(position);
    const sum = next.sum([2]).maximum(TINY);
    state = counts[i]!.where(next.div(sum), state);
    states.push(state);
    return sum;
  });
  return { states, sums, total: state.mul(end).sum([2]).maximum(TINY) };
}

/** Cotangents of emissions, steps and end: expected counts of tags and steps, times `dy` `[batch]`. */
function runBackward(
  { emissions, inChain }: PartitionInputs,
  { positions, counts, steps, end }: Weights,
  { states, sums, total }: Forward,
  dy: Value,
): readonly Value[] {
  const tags = emissions.shape[2] as number;
  const ofRow = dy.unsqueeze([0, 2]);
  const last = states.at(-1)!.mul(end).div(total);
  let rest = end.div(total);
  const tagCounts: Value[] = [];
  const arrivals: Value[] = [];
  for (let i = positions.length - 1; i >= 0; i--) {
    tagCounts.unshift(states[i + 1]!.mul(rest));
    const arrival = rest.mul(positions[i]!).div(sums[i]!);
    arrivals.unshift(arrival);
    rest = counts[i]!.where(arrival.matmul(steps.swapLastTwo()), rest);
  }
  const weight = inChain.transpose([1, 0]).unsqueeze([2]).mul(ofRow);
  const perPosition = (values: readonly Value[]) => firstPositions(stack(values), emissions);
  const flat = (x: Value) => x.reshape([-1, tags + 1]);
  const pairs = flat(perPosition(states.slice(0, -1)))
    .swapLastTwo()
    .matmul(flat(perPosition(arrivals).mul(weight)));
  return [
    perPosition(tagCounts).mul(weight).slice(2, 0, tags).transpose([1, 0, 2]),
    pairs.mul(steps).slice(1, 0, tags),
    last.mul(ofRow).sum([0, 1], false).slice(0, 0, tags),
  ];
}

const stack = (slices: readonly Value[]): Value => slices[0]!.concat(slices.slice(1), 0);

/** Of `[maxLength, …]` as many as the batch has. */
function firstPositions(x: Value, { graph, shape }: Value): Value {
  const count = runtimeShape(graph, [shape[1]!]);
  return graph.emit('Slice', [x, graph.constant([0], 'int64'), count, graph.constant([0], 'int64')])[0]!;
}
