import { Turns } from '@zooid/data';
import { Random } from '@zooid/tensor';
import { unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { FastVocabulary } from './fast-vocabulary.js';
import { type RowScores, ScoreQueue } from './score-queue.js';
import type { TapeRow } from './tape.js';

const reach = 3;
const granularities = ['fine', 'coarse', 'finer'];
const letters = Array.from('天地玄黄宇宙洪荒日月盈昃 \n7A');
const vocabulary = FastVocabulary.count([unitsOf(letters.join('').repeat(3))], {
  characterMinCount: 1,
  pairMinCount: 1,
  maxPairs: 100,
});

/** Scores of a unit that depend on all units within reach of it, each in another way, and on nothing beyond. */
function scoresOf(characters: readonly number[], pairs: readonly number[]): Float32Array {
  const width = 4 * granularities.length;
  const scores = new Float32Array(width * characters.length);
  for (let i = 0; i < characters.length; i++) {
    for (let column = 0; column < width; column++) {
      let score = 0;
      for (let d = -reach; d <= reach; d++) {
        const [character = 0, pair = 0] = [characters[i + d], pairs[i + d]];
        if (character !== 0) score += Math.sin(character * 3.1 + pair * 1.7 + d * 0.9 + column);
      }
      scores[width * i + column] = score;
    }
  }
  return scores;
}

/** Batches of random numbers of rows, packed with padding between them. */
async function answer(rows: readonly TapeRow[], random: Random): Promise<RowScores[]> {
  const answers: RowScores[] = [];
  for (let first = 0; first < rows.length; ) {
    const batch = rows.slice(first, first + 1 + random.int(3));
    first += batch.length;
    const gap = Array.from({ length: reach }, () => 0);
    const starts: number[] = [];
    const packed = { characters: [] as number[], pairs: [] as number[] };
    for (const row of batch) {
      starts.push(packed.characters.length);
      packed.characters.push(...Array.from(row.characters, Number), ...gap);
      packed.pairs.push(...Array.from(row.pairs, Number), ...gap);
    }
    const scores = scoresOf(packed.characters, packed.pairs);
    answers.push(...starts.map((from) => ({ scores, from })));
    await new Promise((resolve) => setImmediate(resolve));
  }
  return answers;
}

const queueOf = (wanted: readonly string[], options: Partial<ConstructorParameters<typeof ScoreQueue>[0]> = {}) => {
  const random = new Random(8);
  return new ScoreQueue({
    vocabulary,
    reach,
    granularities,
    wanted,
    rowUnits: 50,
    expected: 100_000,
    answer: (rows) => answer(rows, random),
    ...options,
  });
};

describe('a queue of texts for the fast network', () => {
  it('gives every text the scores that it would have by itself, of any length, however it is cut', async () => {
    const random = new Random(4);
    const lengths = [1, 2, 49, 50, 51, 9000, ...Array.from({ length: 200 }, () => 1 + random.int(90)), 17_000, 3];
    const texts = lengths.map((length) => Array.from({ length }, () => random.choice(letters)).join(''));
    const wanted = ['finer', 'fine'];
    const queue = queueOf(wanted, { expected: texts.reduce((sum, text) => sum + text.length + reach, 0) });
    const turns = new Turns();
    const scored: Promise<readonly Float32Array[]>[] = [];
    for (const text of texts) scored.push((await queue.add(unitsOf(text), turns)).scored);
    await queue.flush();
    for (const [i, promise] of scored.entries()) {
      const units = unitsOf(texts[i]!);
      const { characters, pairs } = vocabulary.rowsOf(units);
      const all = scoresOf([...characters], [...pairs]);
      const found = await promise;
      for (const [k, name] of wanted.entries()) {
        const column = 4 * granularities.indexOf(name);
        const expected = Float32Array.from({ length: 4 * units.count }, (_, j) => {
          const unit = Math.floor(j / 4);
          const isSpace = texts[i]!.slice(units.starts[unit]!, units.starts[unit + 1]!).trim() === '';
          return isSpace ? 0 : all[4 * granularities.length * unit + column + (j % 4)]!;
        });
        expect(found[k]).toEqual(expected);
      }
    }
  });

  it('asks for no more memory than its texts need', async () => {
    const sizes: number[] = [];
    const random = new Random(1);
    const queue = queueOf(['fine'], {
      expected: 4 + reach,
      answer: (rows) => {
        sizes.push(...rows.map(({ characters }) => characters.buffer.byteLength));
        return answer(rows, random);
      },
    });
    const { scored } = await queue.add(unitsOf('天地玄黄'), new Turns());
    await queue.flush();
    await scored;
    expect(sizes).toEqual([8 * (4 + reach)]);
  });

  it('tells every text of a load of its failure', async () => {
    const queue = queueOf(['fine'], { answer: () => Promise.reject(new Error('the model is gone')) });
    const turns = new Turns();
    const texts = ['天地', '玄黄', '天'.repeat(20_000)];
    const scored = [];
    for (const text of texts) scored.push((await queue.add(unitsOf(text), turns)).scored);
    await queue.flush();
    for (const promise of scored) await expect(promise).rejects.toThrow('the model is gone');
  });
});
