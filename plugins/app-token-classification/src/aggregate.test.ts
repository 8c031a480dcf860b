import { TagSet } from '@zooid/tagging';
import { describe, expect, it } from 'vitest';
import { aggregate } from './aggregate.js';
import { createDecoder } from './decoder.js';
import { type AggregationStrategy, aggregationStrategies } from './dto.js';

/** Each row: whether the token goes on with a word (`##`), and the probabilities of some labels; the rest go to the last. */
type Row = readonly [token: string, scores: Readonly<Record<string, number>>];

function run(
  labels: readonly string[],
  rows: readonly Row[],
  strategy: AggregationStrategy,
  decoder: 'best' | 'legal',
) {
  const tagSet = new TagSet(labels);
  const probabilities = Float64Array.from(rows.flatMap(([, scores]) => labels.map((label) => scores[label] ?? 0)));
  const tokens = { probabilities, continuesWord: () => rows.map(([token]) => token.startsWith('##')) };
  return aggregate(tokens, strategy, createDecoder({ tagSet, decoder }), tagSet).map(
    ({ first, last, label, score }) => [
      tagSet.labels[label],
      rows
        .slice(first, last + 1)
        .map(([token]) => token)
        .join(' '),
      Number(score.toFixed(6)),
    ],
  );
}

/**
 * The example of transformers' documentation of its aggregation strategies, with scores: `simple` tears microsoft and
 * company apart, the others keep words whole.
 */
const labels = ['O', 'B-ENT', 'I-ENT', 'B-NAME', 'I-NAME'];
const company: readonly Row[] = [
  ['micro', { 'B-ENT': 0.8, 'I-NAME': 0.1, O: 0.1 }],
  ['##soft', { 'I-NAME': 0.9, 'I-ENT': 0.1 }],
  ['com', { 'I-ENT': 0.6, O: 0.4 }],
  ['##pany', { 'I-ENT': 0.7, 'I-NAME': 0.2, O: 0.1 }],
];

// Worked by hand from the semantics that transformers documents; see the comment at each.
describe('the strategies of transformers', () => {
  const of = (strategy: AggregationStrategy, rows = company) => run(labels, rows, strategy, 'best');

  it('none: the best label of every token', () => {
    expect(of('none')).toEqual([
      ['B-ENT', 'micro', 0.8],
      ['I-NAME', '##soft', 0.9],
      ['I-ENT', 'com', 0.6],
      ['I-ENT', '##pany', 0.7],
    ]);
  });

  it('simple: neighbours of one type, the mean of their scores', () => {
    expect(of('simple')).toEqual([
      ['B-ENT', 'micro', 0.8],
      ['I-NAME', '##soft', 0.9],
      ['I-ENT', 'com ##pany', 0.65], // (0.6 + 0.7) / 2
    ]);
  });

  it('first: a word is what its first token is', () => {
    // microsoft B-ENT 0.8, company I-ENT 0.6: one span, (0.8 + 0.6) / 2.
    expect(of('first')).toEqual([['B-ENT', 'micro ##soft com ##pany', 0.7]]);
  });

  it('average: a word is what its tokens are on average', () => {
    // microsoft: B-ENT 0.4, I-NAME 0.5, I-ENT 0.05, O 0.05; company: I-ENT 0.65.
    expect(of('average')).toEqual([
      ['I-NAME', 'micro ##soft', 0.5],
      ['I-ENT', 'com ##pany', 0.65],
    ]);
  });

  it('max: a word is what its surest token is', () => {
    // microsoft: ##soft is surest, I-NAME 0.9; company: ##pany, I-ENT 0.7.
    expect(of('max')).toEqual([
      ['I-NAME', 'micro ##soft', 0.9],
      ['I-ENT', 'com ##pany', 0.7],
    ]);
  });

  it.each([
    [
      'B begins a span beside one of its type',
      ['B-ENT', 'I-ENT', 'B-ENT'],
      [
        ['B-ENT', 'a b', 1],
        ['B-ENT', 'c', 1],
      ],
    ],
    [
      'I after O, and after another type, begins one',
      ['O', 'I-ENT', 'I-NAME'],
      [
        ['O', 'a', 1],
        ['I-ENT', 'b', 1],
        ['I-NAME', 'c', 1],
      ],
    ],
    [
      'O joins O',
      ['O', 'O', 'B-ENT'],
      [
        ['O', 'a b', 1],
        ['B-ENT', 'c', 1],
      ],
    ],
  ])('%s', (_, gold, expected) => {
    const rows = ['a', 'b', 'c'].map((token, i): Row => [token, { [gold[i]!]: 1 }]);
    expect(of('simple', rows)).toEqual(expected);
  });

  it('labels without a place join with their like', () => {
    const rows: Row[] = [
      ['a', { NOUN: 0.9, VERB: 0.1 }],
      ['b', { NOUN: 0.7, VERB: 0.3 }],
      ['c', { NOUN: 0.2, VERB: 0.8 }],
    ];
    expect(run(['NOUN', 'VERB'], rows, 'simple', 'best')).toEqual([
      ['NOUN', 'a b', 0.8],
      ['VERB', 'c', 0.8],
    ]);
  });

  it('BIES spans end where they say so', () => {
    const bies = ['O', 'B-X', 'I-X', 'E-X', 'S-X'];
    const rows = ['B-X', 'E-X', 'S-X', 'S-X', 'I-X'].map((label, i): Row => ['abcde'[i]!, { [label]: 1 }]);
    expect(run(bies, rows, 'simple', 'best').map(([, text]) => text)).toEqual(['a b', 'c', 'd', 'e']);
  });

  it.each(aggregationStrategies)('%s of no tokens is nothing', (strategy) => expect(of(strategy, [])).toEqual([]));

  it('a text that begins with a continuing piece begins with a word', () => {
    expect(of('first', company.slice(1))).toEqual([
      ['I-NAME', '##soft', 0.9],
      ['I-ENT', 'com ##pany', 0.6],
    ]);
  });
});

describe('legal decoding', () => {
  const rows: readonly Row[] = [
    ['a', { O: 0.6, 'B-ENT': 0.4 }],
    ['b', { 'I-ENT': 0.9, O: 0.1 }],
  ];

  it('takes the most likely sequence that the scheme allows', () => {
    expect(run(labels, rows, 'none', 'best').map(([label]) => label)).toEqual(['O', 'I-ENT']);
    // B I has 0.4 · 0.9, O O has 0.6 · 0.1; scores are those of the chosen labels.
    expect(run(labels, rows, 'none', 'legal')).toEqual([
      ['B-ENT', 'a', 0.4],
      ['I-ENT', 'b', 0.9],
    ]);
  });

  it('also over words', () => {
    const pieces: readonly Row[] = [rows[0]!, ['##x', { O: 0.9, 'I-ENT': 0.1 }], rows[1]!];
    expect(run(labels, pieces, 'first', 'legal')).toEqual([['B-ENT', 'a ##x b', 0.65]]);
  });
});
