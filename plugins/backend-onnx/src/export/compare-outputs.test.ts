import { type HostTensor, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { compareOutputs, noDifference, worse } from './compare-outputs.js';

const floats = (values: readonly number[], dims: readonly number[]): HostTensor => tensor('float32', values, dims);

describe('compareOutputs', () => {
  it('finds the largest difference, and its share of the output it is in', () => {
    const expected = { states: floats([10, -20, 5, 0], [2, 2]), gate: floats([0.5], [1, 1]) };
    const actual = { states: floats([10, -19, 5, 0], [2, 2]), gate: floats([0.25], [1, 1]) };
    expect(compareOutputs(expected, actual)).toEqual({
      maxDifference: 1,
      relativeDifference: 0.25, // the gate's: small outputs count as one
      maxProbabilityDifference: 0,
      decisions: 0,
      changedDecisions: 0,
    });
  });

  it('counts what scores decide: the highest along the last axis, or the sign of a single one', () => {
    const expected = { slot_logits: floats([1, 2, 3, 4, 3, 0], [1, 2, 3]), logits: floats([0.1, -0.1], [2, 1]) };
    const actual = { slot_logits: floats([1, 3, 2, 4, 3, 0], [1, 2, 3]), logits: floats([0.1, 0.1], [2, 1]) };
    expect(compareOutputs(expected, actual)).toMatchObject({ decisions: 4, changedDecisions: 2 });
  });

  it('says how far probabilities move: softmax of scores, sigmoid of those that stand alone, or as they are', () => {
    const moved = (name: string, before: number[], after: number[], multiLabel = false) =>
      compareOutputs({ [name]: floats(before, [1, 2]) }, { [name]: floats(after, [1, 2]) }, { multiLabel });
    const softmax = moved('logits', [0, 0], [Math.log(3), 0]);
    expect(softmax.maxProbabilityDifference).toBeCloseTo(0.25, 6);
    expect(softmax).toMatchObject({ decisions: 1, changedDecisions: 0 });
    const sigmoid = moved('logits', [-Math.log(3), 1], [Math.log(3), 1], true);
    expect(sigmoid.maxProbabilityDifference).toBeCloseTo(0.5, 6);
    expect(sigmoid).toMatchObject({ decisions: 2, changedDecisions: 1 });
    expect(moved('probabilities', [0.5, 0.5], [0.25, 0.75])).toMatchObject({ maxProbabilityDifference: 0.25 });
  });

  it('leaves out what scores say of padding', () => {
    const expected = { logits: floats([1, 0, 1, 0, 1, 0, 1, 0], [2, 2, 2]) };
    const actual = { logits: floats([1, 0, 0, 1, 0, 1, 0, 1], [2, 2, 2]) };
    const mask = tensor('int64', [1, 0, 1, 0], [2, 2]);
    expect(compareOutputs(expected, actual, { mask })).toMatchObject({ decisions: 2, changedDecisions: 1 });
    expect(compareOutputs(expected, actual)).toMatchObject({ decisions: 4, changedDecisions: 3 });
  });

  it('takes NaN, another shape and a missing output for infinitely different', () => {
    const expected = { logits: floats([1, 2], [1, 2]) };
    for (const actual of [{ logits: floats([1, Number.NaN], [1, 2]) }, { logits: floats([1, 2], [2, 1]) }, {}]) {
      expect(compareOutputs(expected, actual)).toMatchObject({ maxDifference: Number.POSITIVE_INFINITY });
    }
  });

  it('has nothing to say about outputs without elements', () => {
    expect(compareOutputs({ logits: floats([], [0, 3]) }, { logits: floats([], [0, 3]) })).toEqual(noDifference);
  });

  it('adds up samples', () => {
    const one = { ...noDifference, maxDifference: 1, relativeDifference: 0.1, decisions: 3, changedDecisions: 1 };
    const two = { ...noDifference, maxDifference: 0.5, maxProbabilityDifference: 0.2, decisions: 2 };
    expect(worse(one, two)).toEqual({
      maxDifference: 1,
      relativeDifference: 0.1,
      maxProbabilityDifference: 0.2,
      decisions: 5,
      changedDecisions: 1,
    });
  });
});
