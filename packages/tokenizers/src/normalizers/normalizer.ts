import type { AlignedText } from '../aligned-text.js';

/** Changes a text before it is split, and keeps track of what came from where. */
export interface Normalizer {
  /** As in `tokenizer.json`. */
  readonly json: { readonly type: string };
  apply(text: AlignedText): AlignedText;
}

export function sequenceNormalizer(normalizers: readonly Normalizer[]): Normalizer {
  return {
    json: { type: 'Sequence', normalizers: normalizers.map(({ json }) => json) } as Normalizer['json'],
    apply: (text) => normalizers.reduce((result, normalizer) => normalizer.apply(result), text),
  };
}
