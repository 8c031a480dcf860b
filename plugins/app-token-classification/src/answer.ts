import type { ClassifiedToken, TokenEntity } from '@zooid/spec';
import type { TagSet } from '@zooid/tagging';
import { CodePoints, type Tokenizer } from '@zooid/tokenizers';
import { aggregate, type LabelledRun } from './aggregate.js';
import { type Decoder, probabilitiesOf } from './decoder.js';
import type { TokenClassificationParameters } from './dto.js';
import type { TextTokens } from './featurizer.js';
import { continuesWord } from './words.js';

/** What one text is answered with. */
export type TokenClassificationAnswer = readonly ClassifiedToken[] | readonly TokenEntity[];

/** What a model knows about reading its logits. */
export interface Reader {
  readonly tokenizer: Tokenizer;
  readonly tagSet: TagSet;
  readonly decoder: Decoder;
}

/** The answer to one text. @param logits `[tokens of the text · labels]`. */
export function answerOf(
  tokens: TextTokens,
  logits: Float32Array,
  { tokenizer, tagSet, decoder }: Reader,
  { aggregation_strategy: strategy, ignore_labels, code_points }: TokenClassificationParameters,
): TokenClassificationAnswer {
  const { text, encoding, begin } = tokens;
  const scored = {
    probabilities: probabilitiesOf(logits, tagSet),
    continuesWord: () => continuesWord(tokens, tokenizer),
  };
  const ignored = new Set(ignore_labels);
  const points = code_points ? new CodePoints(text) : undefined;
  const nameOf = (label: number) =>
    strategy === 'none' || tagSet.tags[label]!.place === 'O' ? tagSet.labels[label]! : tagSet.tags[label]!.type;

  const placeOf = ({ first, last }: LabelledRun) => {
    const start = encoding.offsets[2 * (begin + first)]!;
    const end = encoding.offsets[2 * (begin + last) + 1]!;
    const inCodePoints = points && ([points.fromUtf16(start), points.fromUtf16(end)] as const);
    return { start, end, ...(inCodePoints === undefined ? {} : { code_points: inCodePoints }) };
  };

  const runs = aggregate(scored, strategy, decoder, tagSet).filter(({ label }) => !ignored.has(nameOf(label)));
  if (strategy !== 'none') {
    return runs.map((run): TokenEntity => {
      const place = placeOf(run);
      return { entity_group: nameOf(run.label), score: run.score, word: text.slice(place.start, place.end), ...place };
    });
  }
  return runs.map((run): ClassifiedToken => {
    const place = placeOf(run);
    const index = begin + run.first;
    const id = encoding.ids[index]!;
    const word = id === tokenizer.specialIds.unk ? text.slice(place.start, place.end) : tokenizer.tokenOf(id);
    return { entity: nameOf(run.label), score: run.score, index, word, ...place };
  });
}
