import { atOnce } from '@zooid/data';
import { textOf, unitsOf } from '@zooid/tokenizers';
import { describe, expect, it } from 'vitest';
import { afterClosing, cutAt, markOffset, passageOf } from './passage.js';

const passage = (text: string) => atOnce(passageOf(unitsOf(text)));
/** What is read, with `,` after a place that has a mark and `|` after one that ends a sentence. */
function shown(text: string): string {
  const { units, count, read, isMarked, isEnded } = passage(text);
  const parts = Array.from({ length: count }, (_, place) => {
    const unit = read[place]!;
    return `${textOf(units, unit, unit + 1)}${isMarked[place] === 1 ? ',' : ''}${isEnded[place] === 1 ? '|' : ''}`;
  });
  return parts.join(' ');
}

describe('a passage', () => {
  it.each([
    ['打开空调', '打 开 空 调'],
    ['你好，世界。再见', '你 好, 世 界,| 再 见'],
    ['真的?!是 OK 的', '真 的,| 是 OK 的'],
    ['3.14和1,000在7:30见a.b', '3.14 和 1,000 在 7 : 30 见 a . b'],
    ['Hello world. Bye.', 'Hello world,| Bye,|'],
    ['他说：“好。”然后', '他 说, “ 好, ”| 然 后'],
    ['（行！）走', '（ 行, ）| 走'],
    ['好。 ”走', '好,| ” 走'], // white space between: no closing mark
    ['一行\n二行 三', '一 行| 二 行 三'],
    ['。，好', '好'],
    [' ，', ''],
  ])('of %j reads %j', (text, expected) => {
    expect(shown(text)).toBe(expected);
  });

  it('knows where a sentence would end, and a mark stand', () => {
    const it = passage('你好，  😀 再见 ');
    expect(it.count).toBe(5);
    expect([markOffset(it, 1), cutAt(it, 1)]).toEqual([2, 5]);
    expect([markOffset(it, 2), cutAt(it, 2)]).toEqual([7, 8]);
    expect([markOffset(it, 4), cutAt(it, 4)]).toEqual([10, 11]);
  });

  it('lets closing marks go with what they close', () => {
    const it = passage('“好”）走');
    expect([0, 1, 2, 3, 4].map((place) => afterClosing(it, place))).toEqual([0, 3, 3, 3, 4]);
  });
});
