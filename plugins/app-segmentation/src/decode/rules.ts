import { type Units, unitKind } from '@zooid/tokenizers';
import { boundaryRule } from './boundaries.js';

/** White space ends the words on both of its sides, where nothing says otherwise. */
export function applySpaces({ kinds, count }: Units, rules: Uint8Array): void {
  for (let unit = 0; unit < count; unit++) {
    if (kinds[unit] !== unitKind.space) continue;
    if (rules[unit] === boundaryRule.free) rules[unit] = boundaryRule.spaced;
    if (rules[unit + 1] === boundaryRule.free) rules[unit + 1] = boundaryRule.spaced;
  }
}

/** Every coarse boundary becomes one of the fine words. */
export function applyNesting(coarse: Uint8Array, rules: Uint8Array): void {
  for (let place = 0; place < coarse.length; place++) {
    if (coarse[place] === 1) rules[place] = boundaryRule.required;
  }
}
