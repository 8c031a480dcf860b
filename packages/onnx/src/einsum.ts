import { GraphError } from './errors.js';

/** `ij,jk->ik` as `{ terms: ['ij', 'jk'], output: 'ik' }`. */
export interface Einsum {
  readonly terms: readonly string[];
  readonly output: string;
}

/**
 * Reads an equation of letters. Without `->`, the output has the letters that occur once, in alphabetical order, as in
 * NumPy. @throws GraphError when it is malformed, has `...`, or not one term per operand.
 */
export function parseEinsum(equation: string, operands: number): Einsum {
  const text = equation.replaceAll(/\s+/g, '');
  const match = /^([A-Za-z,]*)(?:->([A-Za-z]*))?$/.exec(text);
  if (match === null)
    throw new GraphError(
      `Einsum has the equation '${equation}'; letters, ',' and one '->' are supported, '...' is not`,
    );
  const terms = match[1]!.split(',');
  const letters = [...terms.join('')];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort();
  const output = match[2] ?? once.join('');
  if (terms.length !== operands)
    throw new GraphError(`Einsum '${equation}' has ${terms.length} terms for ${operands} operands`);
  const stranger = [...output].find((letter, i) => !letters.includes(letter) || output.indexOf(letter) !== i);
  if (stranger !== undefined)
    throw new GraphError(`Einsum '${equation}' has an output letter '${stranger}' that no operand has, or twice`);
  return { terms, output };
}
