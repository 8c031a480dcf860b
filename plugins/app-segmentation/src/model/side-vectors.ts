import type { EncoderOutput, ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { MARKS } from '../features/lexicon-marks.js';
import { type BigramShape, bigramVectors } from './bigram-vectors.js';

/** What the model knows of a unit beside its token. */
export interface SideShape {
  readonly bigrams: BigramShape;
  /** Whether there are lexicon marks. */
  readonly hasLexicon: boolean;
}

/** Pair vectors, with lexicon marks behind them where the model has any: `[batch, sequence, width]`. */
export function sideVectors(context: ModuleContext, encoder: EncoderOutput, { bigrams, hasLexicon }: SideShape): Value {
  const pairs = bigramVectors(context.child('bigrams'), encoder, bigrams);
  if (!hasLexicon) return pairs;
  return pairs.concat([context.input('lexicon_marks', 'float32', ['batch', 'sequence', MARKS])], -1);
}
