import { fromFloat16, type HostTensor, type TensorMap, toNumbers } from '@zooid/tensor';

/** How two sets of outputs differ, over any number of samples. */
export interface OutputDifference {
  readonly maxDifference: number;
  /** As a share of the largest element of the same output in the same sample, at least 1. */
  readonly relativeDifference: number;
  readonly maxProbabilityDifference: number;
  readonly decisions: number;
  readonly changedDecisions: number;
}

export const noDifference: OutputDifference = {
  maxDifference: 0,
  relativeDifference: 0,
  maxProbabilityDifference: 0,
  decisions: 0,
  changedDecisions: 0,
};

export interface CompareOptions {
  /** `[batch, sequence]`, zero at padding: rows of scores there decide nothing. */
  readonly mask?: HostTensor | undefined;
  /** Whether each score stands for itself, and not against the others of its row. Default false. */
  readonly multiLabel?: boolean;
}

/**
 * Compares outputs element by element. Outputs that hold scores, by their names, are also compared by the probabilities
 * they stand for and by what they decide: the place of the highest along the last axis, or on which side of a half a score
 * is that stands for itself. A NaN differs infinitely.
 */
export function compareOutputs(expected: TensorMap, actual: TensorMap, options: CompareOptions = {}): OutputDifference {
  return Object.entries(expected)
    .map(([name, tensor]) => compareTensors(name, tensor, actual[name], options))
    .reduce(worse, noDifference);
}

/** The larger differences, and the sums of the decisions. */
export function worse(a: OutputDifference, b: OutputDifference): OutputDifference {
  return {
    maxDifference: Math.max(a.maxDifference, b.maxDifference),
    relativeDifference: Math.max(a.relativeDifference, b.relativeDifference),
    maxProbabilityDifference: Math.max(a.maxProbabilityDifference, b.maxProbabilityDifference),
    decisions: a.decisions + b.decisions,
    changedDecisions: a.changedDecisions + b.changedDecisions,
  };
}

type Numbers = ArrayLike<number>;

function compareTensors(
  name: string,
  expected: HostTensor,
  actual: HostTensor | undefined,
  options: CompareOptions,
): OutputDifference {
  if (actual === undefined || actual.dims.join() !== expected.dims.join()) {
    return { ...noDifference, maxDifference: Number.POSITIVE_INFINITY, relativeDifference: Number.POSITIVE_INFINITY };
  }
  const [left, right] = [numbersOf(expected), numbersOf(actual)];
  let maxDifference = 0;
  let largest = 1;
  for (let i = 0; i < left.length; i++) {
    const difference = Math.abs(left[i]! - right[i]!);
    maxDifference = Math.max(maxDifference, Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference);
    largest = Math.max(largest, Math.abs(left[i]!));
  }
  return {
    maxDifference,
    relativeDifference: maxDifference / largest,
    ...compareScores(name, expected.dims, left, right, options),
  };
}

function numbersOf(tensor: HostTensor): Numbers {
  if (tensor.dtype === 'float32') return tensor.data as Float32Array;
  return tensor.dtype === 'float16' ? fromFloat16(tensor.data as Uint16Array) : toNumbers(tensor);
}

function compareScores(
  name: string,
  dims: readonly number[],
  left: Numbers,
  right: Numbers,
  { mask, multiLabel = false }: CompareOptions,
) {
  const found = { maxProbabilityDifference: 0, decisions: 0, changedDecisions: 0 };
  const classes = dims.at(-1) ?? 0;
  if (!/logits|scores|probabilities/i.test(name) || dims.length < 2 || classes === 0) return found;
  const single = multiLabel || classes === 1;
  const scale: Scale = /probabilities/i.test(name) ? asTheyAre : single ? sigmoid : softmax;
  const isPadding = paddingOf(dims, left.length / classes, mask);
  for (let row = 0; row < left.length / classes; row++) {
    if (isPadding(row)) continue;
    const start = row * classes;
    const [p, q] = [scale(left, start, classes), scale(right, start, classes)];
    let [highestLeft, highestRight] = [0, 0];
    for (let i = 0; i < classes; i++) {
      const [a, b] = [p(i), q(i)];
      const difference = Math.abs(a - b);
      found.maxProbabilityDifference = Math.max(
        found.maxProbabilityDifference,
        Number.isNaN(difference) ? 1 : difference,
      );
      if (single && a > 0.5 !== b > 0.5) found.changedDecisions++;
      if (left[start + i]! > left[start + highestLeft]!) highestLeft = i;
      if (right[start + i]! > right[start + highestRight]!) highestRight = i;
    }
    found.decisions += single ? classes : 1;
    if (!single && highestLeft !== highestRight) found.changedDecisions++;
  }
  return found;
}

/** Whether a row of scores, `[batch, sequence, …, classes]`, belongs to a token that is not there. */
function paddingOf(dims: readonly number[], rows: number, mask: HostTensor | undefined): (row: number) => boolean {
  const fits = mask !== undefined && dims.length > 2 && mask.dims.every((size, axis) => dims[axis] === size);
  if (!fits || mask.data.length === 0) return () => false;
  const perToken = rows / mask.data.length;
  return (row) => Number(mask.data[Math.floor(row / perToken)]) === 0;
}

/** The probabilities that `count` scores from `start` stand for. */
type Scale = (scores: Numbers, start: number, count: number) => (i: number) => number;

const asTheyAre: Scale = (scores, start) => (i) => scores[start + i]!;

const sigmoid: Scale = (scores, start) => (i) => 1 / (1 + Math.exp(-scores[start + i]!));

const softmax: Scale = (scores, start, count) => {
  let peak = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) peak = Math.max(peak, scores[start + i]!);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += Math.exp(scores[start + i]! - peak);
  return (i) => Math.exp(scores[start + i]! - peak) / sum;
};
