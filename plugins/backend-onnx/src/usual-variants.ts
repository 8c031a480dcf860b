import type { ModelArtifacts } from '@zooid/spec';
import { lossOf } from './export/loss.js';
import type { Variant } from './variants.js';

/** Points of the metric that int8 may have lost to be served unasked: less than what an export accepts. */
const MAX_POINTS = 0.2;

/**
 * What is served of a folder, in order of preference, when the configuration does not say: int8 where an export found on
 * labelled data that it costs next to nothing, and wrote so into `zooid.json`; else the plain graph, however it is stored.
 */
export function usualVariants({ manifest }: Pick<ModelArtifacts, 'manifest'>): readonly Variant[] {
  const plain = ['fp32', 'fp16'] as const;
  return lostPoints(manifest?.variants) <= MAX_POINTS ? ['int8', ...plain] : plain;
}

/** Infinitely many where nobody measured. */
function lostPoints(variants: unknown): number {
  const { metric, value, reference } = (variants as { readonly int8?: Readonly<Record<string, unknown>> })?.int8 ?? {};
  if (typeof metric !== 'string' || typeof value !== 'number' || typeof reference !== 'number') {
    return Number.POSITIVE_INFINITY;
  }
  return lossOf({ [metric]: reference }, { [metric]: value }, metric).lostPoints;
}
