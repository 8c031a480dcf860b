import type { AlignedText } from '../aligned-text.js';

/** Takes a piece, `source.text[from, to)`, and says whether more are wanted. */
export type VisitPiece = (source: AlignedText, from: number, to: number) => boolean;

/** Cuts a text into pieces, of which the model makes tokens one by one. */
export interface PreTokenizer {
  /** As in `tokenizer.json`. */
  readonly json: { readonly type: string };
  /** The pieces are to be taken for their UTF-8 bytes, each written as one character of `byteCharacters`. */
  readonly yieldsBytes: boolean;
  /** Visits the pieces of `source.text[from, to)`, which is not empty; false when the visitor has had enough. */
  split(source: AlignedText, from: number, to: number, visit: VisitPiece): boolean;
}

/** Each pre-tokenizer cuts what the one before it left. */
export function sequencePreTokenizer(steps: readonly PreTokenizer[]): PreTokenizer {
  const run = (step: number, source: AlignedText, from: number, to: number, visit: VisitPiece): boolean => {
    if (step === steps.length) return visit(source, from, to);
    return steps[step]!.split(source, from, to, (piece, start, end) => run(step + 1, piece, start, end, visit));
  };
  return {
    json: { type: 'Sequence', pretokenizers: steps.map(({ json }) => json) } as PreTokenizer['json'],
    yieldsBytes: steps.at(-1)?.yieldsBytes ?? false,
    split: (source, from, to, visit) => run(0, source, from, to, visit),
  };
}
