import { fromFloat16, type HostTensor, type TensorMap, toNumbers } from '@zooid/tensor';

/** How two sets of outputs differ, over any number of samples. */
export interface OutputDifference {
  readonly maxDifference: number;
  /** As a share of the largest element of the same output in the same sample, at least 1. */
  readonly relativeDifference: number;
  readonly decisions: number;
  readonly changedDecisions: number;
}

export const noDifference: OutputDifference = {
  maxDifference: 0,
  relativeDifference: 0,
  decisions: 0,
  changedDecisions: 0,
};

/**
 * Compares outputs element by element. Outputs that hold scores, by their names, are also compared by what they decide:
 * the place of the highest along the last axis, or the sign where that axis has one element. A NaN differs infinitely.
 */
export function compareOutputs(expected: TensorMap, actual: TensorMap): OutputDifference {
  return Object.entries(expected)
    .map(([name, tensor]) => compareTensors(name, tensor, actual[name]))
    .reduce(worse, noDifference);
}

/** The larger differences, and the sums of the decisions. */
export function worse(a: OutputDifference, b: OutputDifference): OutputDifference {
  return {
    maxDifference: Math.max(a.maxDifference, b.maxDifference),
    relativeDifference: Math.max(a.relativeDifference, b.relativeDifference),
    decisions: a.decisions + b.decisions,
    changedDecisions: a.changedDecisions + b.changedDecisions,
  };
}

function compareTensors(name: string, expected: HostTensor, actual: HostTensor | undefined): OutputDifference {
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
    ...compareDecisions(name, expected, left, right),
  };
}

function numbersOf(tensor: HostTensor): ArrayLike<number> {
  return tensor.dtype === 'float16' ? fromFloat16(tensor.data as Uint16Array) : toNumbers(tensor);
}

function compareDecisions(name: string, { dims }: HostTensor, left: ArrayLike<number>, right: ArrayLike<number>) {
  if (!/logits|scores|probabilities/i.test(name) || dims.length < 2) return { decisions: 0, changedDecisions: 0 };
  const classes = dims.at(-1)!;
  const decisions = classes === 0 ? 0 : left.length / classes;
  let changedDecisions = 0;
  for (let row = 0; row < decisions; row++) {
    if (decide(left, row, classes) !== decide(right, row, classes)) changedDecisions++;
  }
  return { decisions, changedDecisions };
}

function decide(values: ArrayLike<number>, row: number, classes: number): number {
  const start = row * classes;
  if (classes === 1) return values[start]! > 0 ? 1 : 0;
  let best = 0;
  for (let i = 1; i < classes; i++) if (values[start + i]! > values[start + best]!) best = i;
  return best;
}
