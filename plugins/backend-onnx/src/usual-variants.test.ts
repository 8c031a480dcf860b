import { expect, it } from 'vitest';
import { usualVariants } from './usual-variants.js';

const withInt8 = (entry: object) => usualVariants({ manifest: { variants: { int8: entry } } })[0];

it.each([
  ['lost little of a metric', { metric: 'f1', reference: 0.92, value: 0.9185 }, 'int8'],
  ['gained', { metric: 'f1', reference: 0.92, value: 0.93 }, 'int8'],
  ['lost more than a little', { metric: 'f1', reference: 0.92, value: 0.9175 }, 'fp32'],
  ['lost little of a loss, which is better small', { metric: 'loss', reference: 0.3, value: 0.301 }, 'int8'],
  ['has a larger loss', { metric: 'loss', reference: 0.3, value: 0.31 }, 'fp32'],
  ['was compared without labelled data', { comparedOn: '8 samples', changedDecisions: 0 }, 'fp32'],
  ['has a metric that was no number', { metric: 'f1', reference: Number.NaN, value: 0.9 }, 'fp32'],
])('what is served when int8 %s', (_, entry, served) => {
  expect(withInt8(entry)).toBe(served);
});

it('is the plain graph, however it is stored, where nothing was measured', () => {
  expect(usualVariants({})).toEqual(['fp32', 'fp16']);
  expect(usualVariants({ manifest: { variants: 'int8' } })).toEqual(['fp32', 'fp16']);
});
