import type { Random } from '@zooid/tensor';
import type { DeclaredParameter, Initializer } from './module-context.js';

/** Standard deviation of BERT's initial matrices and embeddings. */
export const DEFAULT_STD = 0.02;

export const zeros: Initializer = { kind: 'zeros' };
export const ones: Initializer = { kind: 'ones' };

export function normal(std: number): Initializer {
  return { kind: 'normal', std };
}

/** Normal values, with those beyond two deviations drawn anew. */
export function truncatedNormal(std: number): Initializer {
  return { kind: 'truncated-normal', std };
}

/** Even over `[-bound, bound)`. */
export function uniform(bound: number): Initializer {
  return { kind: 'uniform', bound };
}

export function constant(value: number): Initializer {
  return { kind: 'constant', value };
}

/**
 * Initial values of one parameter, row-major. They depend on the seed behind `random` and the parameter's name only:
 * adding, removing or reordering other parameters changes nothing.
 */
export function initialise({ name, shape, initializer }: DeclaredParameter, random: Random): Float32Array {
  const values = new Float32Array(shape.reduce((size, dim) => size * dim, 1));
  switch (initializer.kind) {
    case 'zeros':
      return values;
    case 'ones':
      return values.fill(1);
    case 'constant':
      return values.fill(initializer.value);
    default: {
      const draw = drawing(initializer, random.fork(name));
      for (let i = 0; i < values.length; i++) values[i] = draw();
      return values;
    }
  }
}

type Drawn = Extract<Initializer, { readonly kind: 'normal' | 'truncated-normal' | 'uniform' }>;

function drawing(initializer: Drawn, stream: Random): () => number {
  switch (initializer.kind) {
    case 'normal':
      return () => initializer.std * stream.normal();
    case 'truncated-normal':
      return () => {
        let value = stream.normal();
        while (Math.abs(value) > 2) value = stream.normal();
        return initializer.std * value;
      };
    case 'uniform':
      return () => initializer.bound * (2 * stream.uniform() - 1);
  }
}
