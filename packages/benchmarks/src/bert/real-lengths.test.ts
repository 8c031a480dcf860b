import { describe, expect, it } from 'vitest';
import { realData, realLengths } from './real-lengths.js';

describe.each(realData)('lengths of $name', (data) => {
  it('are those recorded, whether the data is here or not', async () => {
    const { lengths, distinctTokens } = await realLengths(data);
    const counts = Array<number>(data.counts.length).fill(0);
    for (const length of lengths) counts[length]! += 1;
    expect(counts).toEqual(data.counts);
    expect(distinctTokens).toBe(data.distinctTokens);
  });
});
