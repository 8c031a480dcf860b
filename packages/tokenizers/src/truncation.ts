import { ValidationError } from '@zooid/common';

/**
 * Which text loses tokens when a pair is too long: the longer one first, or only the named one. A single text is
 * always cut at its end.
 */
export type Truncation = 'longest_first' | 'only_first' | 'only_second';

/**
 * How many tokens of each text of a pair fit into `budget`.
 *
 * `longest_first` shortens the longer text down to the length of the other, then shares; of an odd budget the longer
 * text gets the extra token, the second one on a tie (as Hugging Face's Rust tokenizers do).
 *
 * @throws ValidationError when the text that must stay whole does not fit.
 */
export function truncatePair(first: number, second: number, budget: number, truncation: Truncation): [number, number] {
  if (first + second <= budget) return [first, second];
  if (budget === 0) return [0, 0];
  switch (truncation) {
    case 'only_first':
      return [remainder(budget, second, 'second', truncation), second];
    case 'only_second':
      return [first, remainder(budget, first, 'first', truncation)];
    case 'longest_first': {
      const shorter = Math.min(first, second);
      const half = Math.floor(budget / 2);
      const kept = Math.min(shorter, half);
      return first > second ? [budget - kept, kept] : [kept, budget - kept];
    }
  }
}

function remainder(budget: number, whole: number, which: string, truncation: Truncation): number {
  if (whole < budget) return budget - whole;
  throw new ValidationError('encode options', [
    {
      path: '/truncation',
      message:
        `${truncation} leaves no room: the ${which} text alone fills the ${budget} tokens that fit; ` +
        "raise maxLength or use 'longest_first'",
    },
  ]);
}
