/** Turns the tokens of a model back into text. */
export interface Decoder {
  /** As in `tokenizer.json`. */
  readonly json: { readonly type: string };
  /** Rewrites a list of tokens; what comes out in the end is joined without anything between. */
  apply(tokens: readonly string[]): readonly string[];
}

export function sequenceDecoder(decoders: readonly Decoder[]): Decoder {
  return {
    json: { type: 'Sequence', decoders: decoders.map(({ json }) => json) } as Decoder['json'],
    apply: (tokens) => decoders.reduce<readonly string[]>((result, decoder) => decoder.apply(result), tokens),
  };
}
