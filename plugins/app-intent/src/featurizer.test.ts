import { Random, toNumbers } from '@zooid/tensor';
import { tokenizerFromVocab } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { Featurizer, typedToken } from './featurizer.js';
import { Lexicon } from './lexicon/lexicon.js';
import { FusionOptions, NoiseOptions } from './options.js';
import { SlotLabels } from './slot-labels.js';

const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const vocab = [...special, ...['song', 'city'].map(typedToken), ...new Set('想听说不出的秘密我放北京[]sepmak')];
const tokenizer = tokenizerFromVocab(vocab, { lowercase: true });
const lexicon = Lexicon.build([
  { surface: '说不出的秘密', type: 'song', popularity: 1 },
  { surface: '秘密', type: 'song', popularity: 1 },
  { surface: '北京', type: 'city', popularity: 1 },
]);

const featurizerOf = (fusion: Partial<FusionOptions> = {}, maxLength = 24, maxPositions = 32) =>
  new Featurizer({
    tokenizer,
    labels: new SlotLabels(['city', 'song']),
    fusion: Object.assign(new FusionOptions(), fusion),
    maxLength,
    maxPositions,
  });
const quiet = { drop: 0, falseMatch: 0, swapType: 0 };
const noiseOf = (options: Partial<NoiseOptions>, seed = 1) => ({
  options: Object.assign(new NoiseOptions(), quiet, options),
  random: new Random(seed),
});
const id = (token: string) => tokenizer.idOf(token)!;

describe('Featurizer', () => {
  it('stacks labels as [batch, sequence, labels]: NONE where nothing matches, on special tokens and on padding', () => {
    const featurizer = featurizerOf();
    const rows = ['说不出的秘密', '我'].map((text) => featurizer.featurize(text, lexicon));
    const { slot_ids: slotIds, input_ids: inputIds, attention_mask: mask } = featurizer.collate(rows);
    expect(inputIds!.dims).toEqual([2, 8]);
    expect(slotIds!.dims).toEqual([2, 8, 2]);
    const [B, I, E] = [6, 7, 8]; // song is the second type
    const first = [
      [1, 0],
      [B, 0],
      [I, 0],
      [I, 0],
      [I, 0],
      [I, B],
      [E, 0],
      [1, 0],
    ];
    const second = Array.from({ length: 8 }, () => [1, 0]);
    expect(toNumbers(slotIds!)).toEqual([...first, ...second].flat());
    expect(toNumbers(mask!)).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('is one label wide where no position has more', () => {
    const featurizer = featurizerOf();
    expect(featurizer.collate([featurizer.featurize('我', lexicon)]).slot_ids!.dims).toEqual([1, 3, 1]);
  });

  it('gives a row the same labels alone and in a batch', () => {
    const featurizer = featurizerOf();
    const rows = ['听秘密', '放说不出的秘密'].map((text) => featurizer.featurize(text, lexicon));
    const alone = featurizer.collate([rows[0]!]).slot_ids!;
    const together = featurizer.collate(rows).slot_ids!;
    const labels = (data: number[], width: number) =>
      Array.from({ length: 5 }, (_, i) => data.slice(i * width, (i + 1) * width).filter((label) => label !== 0));
    expect(labels(toNumbers(alone), alone.dims[2]!)).toEqual(labels(toNumbers(together), together.dims[2]!));
  });

  it('leaves slot_ids out where the model does not read them', () => {
    for (const mode of ['none', 'typed'] as const) {
      const featurizer = featurizerOf({ mode });
      expect(featurizer.usesSlots).toBe(false);
      expect(Object.keys(featurizer.collate([featurizer.featurize('听秘密', lexicon)]))).not.toContain('slot_ids');
    }
  });

  it('takes the names of special tokens in a text for ordinary characters', () => {
    const { encoding } = featurizerOf().featurize('[SEP]我[MASK]');
    expect(encoding.tokens.filter((token) => token === '[SEP]')).toHaveLength(1);
    expect(encoding.tokens).not.toContain('[MASK]');
  });

  it('knows nothing of matches without a lexicon', () => {
    const { placed } = featurizerOf().featurize('听秘密');
    expect(placed).toEqual([]);
  });

  it('labels what truncation left of a match', () => {
    const featurizer = featurizerOf({}, 6);
    const { placed, length } = featurizer.featurize('听说不出的秘密', lexicon);
    expect(length).toBe(6);
    expect(placed.map(({ first, places }) => [first, places.flat().join('')])).toEqual([[2, 'BII']]);
  });
});

describe('typed labels', () => {
  const typed = (text: string, maxLength = 24, maxPositions = 32) => {
    const featurizer = featurizerOf({ mode: 'typed' }, maxLength, maxPositions);
    const features = featurizer.featurize(text, lexicon);
    const { input_ids: inputIds, token_type_ids: typeIds } = featurizer.collate([features]);
    return { features, ids: toNumbers(inputIds!), types: toNumbers(typeIds!) };
  };

  it('follow the text in its order, as a second segment', () => {
    const { ids, types, features } = typed('北京听说不出的秘密');
    const tail = [id('[slot:city]'), id('[slot:song]'), id('[slot:song]'), id('[SEP]')];
    expect(ids.slice(-5)).toEqual([id('[SEP]'), ...tail]);
    expect(types.slice(-5)).toEqual([0, 1, 1, 1, 1]);
    expect(features.length).toBe(ids.length);
  });

  it('add nothing to a text without matches', () => {
    expect(typed('我听').ids).toEqual(toNumbers(featurizerOf().collate([featurizerOf().featurize('我听')]).input_ids!));
  });

  it('never take a text beyond the position table', () => {
    const text = '秘密'.repeat(11);
    for (const maxPositions of [24, 25, 26, 30, 40]) {
      const { ids, features } = typed(text, 24, maxPositions);
      expect(ids.length).toBeLessThanOrEqual(maxPositions);
      expect(features.length).toBe(ids.length);
    }
    expect(typed(text, 24, 24).ids).toHaveLength(24);
    expect(typed(text, 24, 26).ids.slice(-2)).toEqual([id('[slot:song]'), id('[SEP]')]);
  });

  it('never do so with a false match on top', () => {
    const featurizer = featurizerOf({ mode: 'typed' }, 24, 28);
    const rows = [featurizer.featurize('秘密'.repeat(11), lexicon)];
    const { input_ids: inputIds } = featurizer.collate(rows, noiseOf({ falseMatch: 1 }));
    expect(inputIds!.dims[1]).toBeLessThanOrEqual(28);
  });
});

describe('masked tokens', () => {
  const unknownsOf = (options: Partial<NoiseOptions>, rounds: number) => {
    const featurizer = featurizerOf();
    const rows = Array.from({ length: rounds }, () => featurizer.featurize('听北京的我', lexicon));
    const { input_ids: inputIds, slot_ids: slotIds } = featurizer.collate(rows, noiseOf(options));
    const ids = toNumbers(inputIds!);
    const perPosition = Array.from(
      { length: 7 },
      (_, i) => ids.filter((token, at) => at % 7 === i && token === 1).length,
    );
    return { perPosition, slotIds: toNumbers(slotIds!).slice(0, 7) };
  };

  it('hide whole matches and keep their labels', () => {
    const { perPosition, slotIds } = unknownsOf({ maskMatched: 1 }, 10);
    expect(perPosition).toEqual([0, 0, 10, 10, 0, 0, 0]);
    expect(slotIds).toEqual([1, 1, 2, 4, 1, 1, 1]);
  });

  it('are words of the text, never special tokens, with the probability asked for', () => {
    const { perPosition } = unknownsOf({ wordDropout: 0.25 }, 4000);
    expect([perPosition[0], perPosition[6]]).toEqual([0, 0]);
    for (const count of perPosition.slice(1, 6)) expect(Math.abs(count / 4000 - 0.25)).toBeLessThan(0.03);
  });
});
