import { describe, expect, it } from 'vitest';
import { intentCases } from './evaluation-cases.js';

const scores = [
  { label: 'music', score: 0.7 },
  { label: 'chat', score: 0.6 },
  { label: 'weather', score: 0.1 },
];
const example = (text: string, ...labels: string[]) => ({ text, labels, slots: [] });

describe('the cases of intents', () => {
  it('set the intent that was answered beside the one that was expected', () => {
    const answer = { intent: 'oos', score: 0.3, scores };
    const options = { multiLabel: false, slots: 'lexicon' } as const;
    expect([...intentCases([answer], [example('放歌', 'music')], options)]).toEqual([
      { kind: 'labels', index: 0, text: '放歌', expected: ['music'], answered: [{ label: 'oos', score: 0.3 }] },
    ]);
  });

  it('hold every intent above the threshold where there may be several', () => {
    const answer = { intent: 'music', score: 0.7, scores, intents: ['chat', 'music'] };
    const options = { multiLabel: true, slots: 'lexicon' } as const;
    const [found] = intentCases([answer], [example('放歌', 'music')], options);
    expect(found!.answered).toEqual(scores.slice(0, 2));
  });

  it('are joined by the slots, in UTF-16 units and text order, of models that predict them', () => {
    const slots = [
      { type: 'song', start: 3, end: 5, value: '晴天' },
      { type: 'verb', start: 1, end: 2, value: '听' },
    ];
    const answer = {
      intent: 'music',
      score: 0.7,
      scores,
      slots: [{ type: 'song', text: '晴天', start: 4, end: 6 }],
    };
    const options = { multiLabel: false, slots: 'predict' } as const;
    const [intent, slot] = intentCases([answer], [{ text: '😀听 晴天', labels: ['music'], slots }], options);
    expect(intent).toMatchObject({ kind: 'labels', group: 'intent' });
    expect(slot).toEqual({
      kind: 'spans',
      index: 0,
      group: 'slot',
      text: '😀听 晴天',
      expected: [
        { label: 'verb', start: 2, end: 3 },
        { label: 'song', start: 4, end: 6 },
      ],
      answered: [{ label: 'song', start: 4, end: 6 }],
    });
  });
});
