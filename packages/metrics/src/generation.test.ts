import { describe, expect, it } from 'vitest';
import { corpusBleu, distinctN, rougeL } from './generation.js';

const words = (text: string): string[] => text.split(' ');

/** The example in the documentation of nltk.translate.bleu_score. */
const guide = {
  hypothesis: words('It is a guide to action which ensures that the military always obeys the commands of the party'),
  references: [
    words('It is a guide to action that ensures that the military will forever heed Party commands'),
    words(
      'It is the guiding principle which guarantees the military forces always being under the command of the Party',
    ),
    words('It is the practical guide for the army always to heed the directions of the party'),
  ],
};
const history = {
  hypothesis: words('he read the book because he was interested in world history'),
  references: [words('he was interested in world history because he read the book')],
};

describe('corpusBleu', () => {
  it('equals NLTK on its documented sentence', () => {
    const { bleu, precisions, brevityPenalty } = corpusBleu([guide.references], [guide.hypothesis]);
    expect(bleu).toBeCloseTo(0.5045666840058485, 12);
    // Counted by hand: 17 of 18 words, 10 of 17 pairs, 7 of 16 triples, 4 of 15 quadruples.
    expect(precisions).toEqual([17 / 18, 10 / 17, 7 / 16, 4 / 15]);
    expect(brevityPenalty).toBe(1);
  });

  it('equals NLTK on its documented corpus', () => {
    const { bleu } = corpusBleu([guide.references, history.references], [guide.hypothesis, history.hypothesis]);
    expect(bleu).toBeCloseTo(0.5920778868801042, 12);
  });

  it('clips counts as in the paper', () => {
    // Papineni et al. 2002, §2.1: modified unigram precision 2/7.
    const references = [words('the cat is on the mat'), words('there is a cat on the mat')];
    expect(corpusBleu([references], [words('the the the the the the the')]).precisions[0]).toBe(2 / 7);
  });

  it('punishes brevity by exp(1 − r/c)', () => {
    const { bleu, brevityPenalty } = corpusBleu([[words('a b c d e f g h')]], [words('a b c d')]);
    expect(brevityPenalty).toBeCloseTo(Math.exp(-1), 12);
    expect(bleu).toBeCloseTo(Math.exp(-1), 12);
  });

  it('is 0 without matches of an order, unless smoothed', () => {
    const references = [[words('a b c d e')]];
    const hypotheses = [words('a b x d e')];
    expect(corpusBleu(references, hypotheses).bleu).toBe(0);
    // 4/5, 2/4, then 1/2 of 1/3 and 1/4 of 1/2.
    const { bleu } = corpusBleu(references, hypotheses, { smoothing: 'exponential' });
    expect(bleu).toBeCloseTo(((4 / 5) * (2 / 4) * (1 / 6) * (1 / 8)) ** (1 / 4), 12);
    expect(corpusBleu(references, [[]]).bleu).toBe(0);
  });
});

describe('rougeL', () => {
  it('equals the example of rouge_score', () => {
    // LCS "the quick brown jumps the": 5 of 8 and of 9 words.
    const { precision, recall, f1 } = rougeL(
      words('the quick brown fox jumps over the lazy dog'),
      words('the quick brown dog jumps on the log'),
    );
    expect(precision).toBe(5 / 8);
    expect(recall).toBe(5 / 9);
    expect(f1).toBeCloseTo(10 / 17, 12);
  });

  it('is 0 for nothing', () => {
    expect(rougeL(['a'], [])).toEqual({ precision: 0, recall: 0, f1: 0 });
  });
});

describe('distinctN', () => {
  it('is distinct over all n-grams', () => {
    const texts = [words('i do not know'), words('i do not care')];
    expect(distinctN(texts, 1)).toBe(5 / 8);
    expect(distinctN(texts, 2)).toBe(4 / 6);
    expect(distinctN([['a']], 2)).toBe(0);
  });

  it('keeps tokens with separators in them apart', () => {
    expect(
      distinctN(
        [
          ['a,b', 'c'],
          ['a', 'b,c'],
        ],
        2,
      ),
    ).toBe(1);
  });
});
