import { describe, expect, it } from 'vitest';
import { defaultThreshold, intentConfigOf, mergeOptions, parseIntentOptions } from './intent-config.js';

describe('intent options', () => {
  it('are validated once per object', () => {
    const options = { maxLength: 32 };
    expect(parseIntentOptions(options)).toBe(parseIntentOptions(options));
    expect(parseIntentOptions({ maxLength: 32 })).not.toBe(parseIntentOptions(options));
  });

  it.each([
    [{ fusoin: {} }, /\/fusoin is an unknown key; did you mean 'fusion'/],
    [{ fusion: { mode: 'ful' } }, /\/fusion\/mode must be one of/],
    [{ fusion: { gaet: 'vector' } }, /\/fusion\/gaet is an unknown key; did you mean 'gate'/],
    [{ noise: { drop: 1.5 } }, /\/noise\/drop must not be greater than 1/],
    [{ lexicon: { categories: { a: 1 } } }, /\/lexicon\/categories must map names to names/],
    [{ lexicon: { categories: 'a' } }, /\/lexicon\/categories must map names to names/],
    [{ maxLength: 'long' }, /\/maxLength must be an integer/],
  ])('refuse %j', (options, message) => {
    expect(() => parseIntentOptions(options)).toThrow(message);
  });

  it('of a model are overridden key by key, inside sections too', () => {
    const saved = parseIntentOptions({ maxLength: 32, fusion: { mode: 'gated', slotSize: 16 } });
    const merged = mergeOptions(saved, { fusion: { maxLabels: 4 }, noise: { drop: 0 } });
    expect(merged).toMatchObject({
      maxLength: 32,
      fusion: { mode: 'gated', slotSize: 16, maxLabels: 4 },
      noise: { drop: 0 },
    });
    expect(mergeOptions(saved, {})).toEqual(saved);
    expect(() => mergeOptions(saved, { fusion: { mdoe: 'none' } })).toThrow(/did you mean 'mode'/);
  });
});

describe('the config section', () => {
  const section = { options: {}, labels: ['a', 'b'], slotTypes: ['song'] };

  it('is read back, with a threshold that fits when none was calibrated', () => {
    expect(intentConfigOf({ intent: section })).toMatchObject({ labels: ['a', 'b'], threshold: 0, goldTypes: [] });
    expect(intentConfigOf({ intent: { ...section, threshold: 0.3 } }).threshold).toBe(0.3);
    expect(intentConfigOf({ intent: { ...section, options: { multiLabel: true } } }).threshold).toBe(0.5);
    expect(defaultThreshold(parseIntentOptions({ rejection: { threshold: 0.4 } }))).toBe(0.4);
  });

  it.each([[{}], [{ intent: null }], [{ intent: { labels: ['a'] } }], [{ intent: 'x' }]])(
    'is missed in %j',
    (config) => {
      expect(() => intentConfigOf(config)).toThrow(/not trained by the app 'intent'/);
    },
  );
});
