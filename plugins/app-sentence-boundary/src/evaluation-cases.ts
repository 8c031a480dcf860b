import type { EvaluationCase, LabelledSpan, Segment } from '@zooid/spec';
import { LEAST_LENGTH } from './decode/cuts.js';
import { decode } from './decode/decode.js';
import type { SentenceExample } from './example.js';
import { IGNORED } from './labels.js';
import { goldOfText, type ReadText } from './metrics.js';
import type { SentenceConfig } from './sentence-config.js';
import { cutAt, markOffset, type Passage } from './text/passage.js';

/** Of each text the sentences that were expected and answered, and the marks, each on the character before it. */
export function* sentenceCases(
  texts: readonly ReadText[],
  examples: readonly SentenceExample[],
  config: SentenceConfig,
): Generator<EvaluationCase> {
  const { modes, marks, thresholds } = config;
  for (const [index, text] of texts.entries()) {
    const { passage, reading } = text;
    const gold = goldOfText(text, examples[index]!, config);
    for (const mode of modes) {
      const { cuts, chosen } = decode(passage, reading, {
        mode,
        marks,
        threshold: thresholds[mode],
        minLength: LEAST_LENGTH,
      });
      const shown = { index, group: mode, text: passage.units.text };
      if (mode === 'cut') {
        const expected = Array.from(gold.cut.keys()).filter((place) => gold.cut[place] === 1);
        yield { ...shown, kind: 'segments', expected: segments(passage, expected), answered: segments(passage, cuts) };
      } else if (gold.punct.some((label) => label !== IGNORED)) {
        const last = passage.count - 1;
        const expected = Array.from(gold.punct.entries()).flatMap(([place, label]) =>
          label > 0 && place < last ? [span(passage, place, marks[label - 1]!)] : [],
        );
        const answered = chosen.flatMap(({ place, mark }) => (place < last ? [span(passage, place, mark)] : []));
        yield { ...shown, kind: 'spans', expected, answered };
      }
    }
  }
}

function segments(passage: Passage, cuts: readonly number[]): Segment[] {
  const ends = cuts.filter((place) => place < passage.count - 1).map((place) => cutAt(passage, place));
  return [...ends, passage.units.text.length].map((end, i) => ({ start: ends[i - 1] ?? 0, end }));
}

const span = (passage: Passage, place: number, label: string): LabelledSpan => {
  const { starts } = passage.units;
  return { start: starts[passage.read[place]!]!, end: markOffset(passage, place), label };
};
