import { describe, expect, it } from 'vitest';
import { zeros } from '../initialise.js';
import { checkpointIssues, matchCheckpoint } from './match-checkpoint.js';

const declared = ['a.weight', 'a.bias', 'b.bias'].map((name) => ({ name, shape: [2], initializer: zeros }));
const names = {
  canonicalName: (name: string) => (name.startsWith('old.') ? name.slice(4) : name),
  alternativeName: (name: string) => (name === 'b.bias' ? 'b.copy' : undefined),
};
const tensors = (shapes: Readonly<Record<string, readonly number[]>>) =>
  new Map(Object.entries(shapes).map(([name, dims]) => [name, { dims }]));

describe('matchCheckpoint', () => {
  it('finds tensors by canonical and by alternative name', () => {
    const match = matchCheckpoint(declared, tensors({ 'old.a.weight': [2], 'a.bias': [2], 'b.copy': [2] }), names);
    expect([...match.found]).toEqual([
      ['a.weight', 'old.a.weight'],
      ['a.bias', 'a.bias'],
      ['b.bias', 'b.copy'],
    ]);
    expect(match).toMatchObject({ missing: [], misshapen: [], unused: [] });
  });

  it.each([
    ['old.a.weight', 'a.weight'],
    ['a.weight', 'old.a.weight'],
  ])('prefers the tensor that has the name already: %s before %s', (first, second) => {
    const file = tensors({ [first]: [2], [second]: [2], 'a.bias': [2], 'b.bias': [2] });
    const match = matchCheckpoint(declared, file, names);
    expect(match.found.get('a.weight')).toBe('a.weight');
    expect(match.unused).toEqual(['old.a.weight']);
  });

  it('tells what is missing, misshapen and left over', () => {
    const match = matchCheckpoint(declared, tensors({ 'a.weight': [2, 1], 'a.bias': [2], c: [1] }), names);
    expect([...match.found.keys()]).toEqual(['a.bias']);
    expect(match.unused).toEqual(['c']);
    expect(checkpointIssues(match).map(({ message }) => message)).toEqual([
      "'b.bias' [2] is missing",
      "'a.weight' has shape [2, 1], the model needs [2]",
    ]);
  });
});
