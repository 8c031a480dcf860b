import { describe, expect, it } from 'vitest';
import { didYouMean, editDistance, nearest } from './nearest.js';

describe('nearest', () => {
  const keys = ['epochs', 'batchSize', 'learningRate', 'warmupSteps', 'seed'];

  it.each([
    ['epoch', 'epochs'],
    ['batch_size', 'batchSize'],
    ['BATCHSIZE', 'batchSize'],
    ['lerningRate', 'learningRate'],
    ['learning', 'learningRate'],
    ['sede', 'seed'],
    ['warmupStep', 'warmupSteps'],
  ])('takes %s for %s', (word, expected) => {
    expect(nearest(word, keys)).toBe(expected);
  });

  it.each(['dropout', 'x', '', 'learned'])('does not guess for %j', (word) => {
    expect(nearest(word, keys)).toBeUndefined();
  });

  it('prefers the nearest of several', () => {
    expect(nearest('intents', ['intend', 'intent', 'content'])).toBe('intent');
  });
});

describe('didYouMean', () => {
  it('is empty when nothing is near', () => {
    expect(didYouMean('abc', ['xyz'])).toBe('');
    expect(didYouMean('modle', ['model'])).toBe("; did you mean 'model'?");
  });
});

describe('editDistance', () => {
  it.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', 'abc', 0],
    ['kitten', 'sitting', 3],
    ['ab', 'ba', 1],
    ['flaw', 'lawn', 2],
  ])('of %j and %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
    expect(editDistance(b, a)).toBe(distance);
  });
});
