import { atOnce } from '@zooid/data';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { joined, parseExample, type SentenceExample } from './example.js';
import { bestThreshold, type ReadText, sentenceMetrics } from './metrics.js';
import { parseOptions } from './sentence-config.js';
import { passageOf } from './text/passage.js';

const options = parseOptions({ marks: ['，', '。'], fold: {} });
const config = {
  modes: ['cut', 'punct'] as const,
  marks: options.marks,
  thresholds: { cut: 0.5, punct: 0.5 },
  options,
};
const example = (record: unknown) => parseExample(record, options.fields);

/** What a model says that gives boundaries and marks to some places, each with its probability. */
function read(
  { pieces }: SentenceExample,
  cut: Record<number, number>,
  marks: Record<number, [number, number]> = {},
): ReadText {
  const passage = atOnce(passageOf(unitsOf(joined(pieces).text)));
  const rows = Array.from({ length: passage.count }, (_, place) => {
    const [comma, stop] = marks[place] ?? [0, 0];
    return [1 - comma - stop, comma, stop];
  });
  return {
    passage,
    reading: {
      cut: Float32Array.from({ length: passage.count }, (_, place) => cut[place] ?? 0),
      punct: Float32Array.from(rows.flat()),
    },
  };
}

describe('scores equal counts made by hand', () => {
  it('of boundaries, the end of a text left out', () => {
    // gold 甲乙|丙丁|戊己 has 1, 3; found 1, 4. gold 甲乙丙丁 has none, and none is found: its end does not count.
    const examples = [example({ queries: ['甲乙', '丙丁', '戊己'] }), example({ text: '甲乙丙丁' })];
    const texts = [read(examples[0]!, { 1: 0.9, 3: 0.4, 4: 0.4, 5: 0.9 }), read(examples[1]!, { 3: 1 })];
    const tuned = { ...config, thresholds: { cut: 0.3, punct: 0.5 } };
    expect(sentenceMetrics(texts, examples, tuned)).toEqual({
      f1: 1, // 3 and 4 are equally likely and too close: the first is taken
      ...{ cutF1: 1, cutPrecision: 1, cutRecall: 1, cutExactMatch: 1 },
      ...{ cutF1At50: 2 / 3, cutPrecisionAt50: 1, cutRecallAt50: 1 / 2 },
    });
    const wrong = [read(examples[0]!, { 1: 0.9, 4: 0.6 }), read(examples[1]!, { 1: 0.7 })];
    expect(sentenceMetrics(wrong, examples, config)).toMatchObject({
      ...{ cutPrecision: 1 / 2, cutRecall: 1 / 2, cutF1: 1 / 2, cutExactMatch: 0 },
    });
  });

  it('of marks, where place and mark are right, by mark and together', () => {
    const examples = [example({ text: '甲，乙，丙丁。戊。' }), example({ text: '开灯' })];
    // 0 is right; 1 has the wrong mark; 2 is too many; the end is left out; of the second text nobody knows the marks.
    const texts = [
      read(examples[0]!, {}, { 0: [0.8, 0.1], 1: [0.1, 0.8], 2: [0.6, 0], 3: [0, 0.9], 4: [0.9, 0] }),
      read(examples[1]!, {}, { 0: [0.9, 0] }),
    ];
    expect(sentenceMetrics(texts, examples, config)).toMatchObject({
      ...{ punctPrecision: 2 / 4, punctRecall: 2 / 3, punctF1: 4 / 7, punctExactMatch: 0 },
      ...{ 'punctPrecision/，': 1 / 2, 'punctRecall/，': 1 / 2, 'punctF1/，': 1 / 2 },
      ...{ 'punctPrecision/。': 1 / 2, 'punctRecall/。': 1, 'punctF1/。': 2 / 3 },
    });
  });

  it('of what no answer can set as missed', () => {
    const examples = [example({ input: '在19961997年', labels: '____。____。' })];
    const metrics = sentenceMetrics([read(examples[0]!, {})], examples, config);
    expect(metrics).toMatchObject({ cutRecall: 0, cutExactMatch: 0, 'punctRecall/。': 0 });
  });

  it('of nothing are none', () => {
    expect(sentenceMetrics([], [], config)).toEqual({});
  });
});

describe('the best threshold', () => {
  const examples = [example({ queries: ['甲乙', '丙丁', '戊己'] })];

  it('is where F1 is highest, and the nearest to 0.5 of equals', () => {
    const at = (cut: Record<number, number>) => bestThreshold([read(examples[0]!, cut)], examples, config, 'cut');
    expect(at({ 1: 0.9, 3: 0.9 })).toBe(0.5);
    expect(at({ 1: 0.9, 3: 0.31 })).toBe(0.3);
    expect(at({ 1: 0.9, 2: 0.75, 3: 0.9, 4: 0.8 })).toBe(0.5); // too close to likelier ones to count
  });

  it('is 0.5 where nothing tells', () => {
    expect(bestThreshold([read(examples[0]!, {})], examples, config, 'punct')).toBe(0.5);
  });
});
