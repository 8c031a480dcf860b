import type { Dim } from '@zooid/tensor';
import { GraphError } from './errors.js';

/**
 * Arithmetic on dims. A symbolic dim is a polynomial with whole coefficients over names, written canonically:
 * `batch*sequence`, `past+sequence`, `2*batch`, `sequence-1`. Names that do not fit this grammar are atoms.
 */
type Polynomial = ReadonlyMap<string, number>;

const TERM = /^(?:(\d+)(?:\*(?!$)|$))?((?:[^\s+*\-\d(][^\s+*-]*(?:\*(?!$)|$))*)$/;

/** No real model comes near; a hostile one could square a sum with every node. */
const MAX_TERMS = 64;

export function addDims(...dims: readonly Dim[]): Dim {
  return format(sum(dims.map(parse)));
}

export function subtractDims(a: Dim, b: Dim): Dim {
  return format(sum([parse(a), scale(parse(b), -1)]));
}

export function multiplyDims(...dims: readonly Dim[]): Dim {
  let result: Polynomial = new Map([['', 1]]);
  for (const dim of dims) result = product(result, parse(dim));
  return format(result);
}

/**
 * Product of `dims` over product of `by`, or `undefined` when that is not a whole polynomial. Common dims cancel
 * first, so a factor that is itself a sum divides out too.
 */
export function divideDims(dims: readonly Dim[], by: readonly Dim[]): Dim | undefined {
  const numerator = [...dims];
  const denominator: Dim[] = [];
  for (const dim of by) {
    const at = numerator.indexOf(dim);
    if (at >= 0) numerator.splice(at, 1);
    else denominator.push(dim);
  }
  const top = parse(multiplyDims(...numerator));
  const bottom = parse(multiplyDims(...denominator));
  if (format(top) === format(bottom)) return 1;
  if (bottom.size !== 1) return undefined;
  const [[monomial, coefficient]] = [...bottom] as [[string, number]];
  if (coefficient === 0) return undefined;
  const quotient = new Map<string, number>();
  for (const [key, value] of top) {
    const atoms = splitAtoms(key);
    for (const atom of splitAtoms(monomial)) {
      const at = atoms.indexOf(atom);
      if (at < 0) return undefined;
      atoms.splice(at, 1);
    }
    if (value % coefficient !== 0) return undefined;
    quotient.set(atoms.join('*'), value / coefficient);
  }
  return format(quotient);
}

/** The terms of a dim: `2*batch*sequence-1` is `[{2, [batch, sequence]}, {-1, []}]`. */
export function dimTerms(dim: Dim): readonly { readonly coefficient: number; readonly atoms: readonly string[] }[] {
  return Array.from(parse(dim), ([key, coefficient]) => ({ coefficient, atoms: splitAtoms(key) }));
}

function parse(dim: Dim): Polynomial {
  if (typeof dim === 'number') return dim === 0 ? new Map() : new Map([['', dim]]);
  const text = dim.replaceAll(/\s+/g, '');
  const result = new Map<string, number>();
  let length = 0;
  for (const [whole, sign, body] of text.matchAll(/([+-]?)([^+-]+)/g)) {
    const match = TERM.exec(body!);
    if (match === null) return new Map([[dim, 1]]);
    const key = splitAtoms(match[2]!).sort().join('*');
    const coefficient = (match[1] === undefined ? 1 : Number(match[1])) * (sign === '-' ? -1 : 1);
    result.set(key, (result.get(key) ?? 0) + coefficient);
    length += whole.length;
  }
  return length === text.length && length > 0 ? result : new Map([[dim, 1]]);
}

function splitAtoms(key: string): string[] {
  return key === '' ? [] : key.split('*').filter((atom) => atom !== '');
}

function scale(polynomial: Polynomial, factor: number): Polynomial {
  return new Map(Array.from(polynomial, ([key, value]) => [key, value * factor]));
}

function sum(polynomials: readonly Polynomial[]): Polynomial {
  const result = new Map<string, number>();
  for (const polynomial of polynomials) {
    for (const [key, value] of polynomial) result.set(key, (result.get(key) ?? 0) + value);
  }
  return result;
}

function product(a: Polynomial, b: Polynomial): Polynomial {
  if (a.size * b.size > MAX_TERMS ** 2) throw new GraphError('A dim grew to more terms than any real size has');
  const result = new Map<string, number>();
  for (const [left, x] of a) {
    for (const [right, y] of b) {
      const key = [...splitAtoms(left), ...splitAtoms(right)].sort().join('*');
      result.set(key, (result.get(key) ?? 0) + x * y);
    }
  }
  return result;
}

/** Named terms by name, the number last; positive before negative so that the text never starts with a sign needlessly. */
function format(polynomial: Polynomial): Dim {
  const terms = [...polynomial].filter(([, value]) => value !== 0);
  if (terms.length > MAX_TERMS || terms.some(([, value]) => !Number.isSafeInteger(value))) {
    throw new GraphError(
      `A dim of ${terms.length} terms or with a factor beyond 2^53 is not a size that a tensor can have`,
    );
  }
  if (terms.length === 0) return 0;
  if (terms.length === 1 && terms[0]![0] === '') return terms[0]![1];
  terms.sort(
    ([a, x], [b, y]) => Number(a === '') - Number(b === '') || Math.sign(y) - Math.sign(x) || (a < b ? -1 : 1),
  );
  return terms
    .map(([key, value], i) => {
      const size = Math.abs(value);
      const body = key === '' ? String(size) : size === 1 ? key : `${size}*${key}`;
      return (value < 0 ? '-' : i === 0 ? '' : '+') + body;
    })
    .join('');
}
