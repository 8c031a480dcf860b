import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GatheredLines } from './gathered-lines.js';

describe('GatheredLines', () => {
  const gather = () => {
    const written: string[] = [];
    const lines = new GatheredLines({ write: (text) => written.push(text) });
    return { written, lines };
  };

  it('hands the lines of a turn on together, in order', async () => {
    const { written, lines } = gather();
    lines.write('a\n');
    await Promise.resolve();
    lines.write('b\n');
    expect(written).toEqual([]);
    await nextTurn();
    expect(written).toEqual(['a\nb\n']);
    lines.write('c\n');
    await nextTurn();
    expect(written).toEqual(['a\nb\n', 'c\n']);
    lines[Symbol.dispose]();
  });

  it('hands them on once, at the latest when it is disposed of', async () => {
    const { written, lines } = gather();
    lines.write('a\n');
    lines[Symbol.dispose]();
    expect(written).toEqual(['a\n']);
    await nextTurn();
    expect(written).toEqual(['a\n']);
  });

  it('loses none when the process exits', () => {
    const { written, lines } = gather();
    const others = process.listeners('exit').slice(0, -1);
    lines.write('a\n');
    for (const listener of process.listeners('exit')) if (!others.includes(listener)) listener(0);
    expect(written).toEqual(['a\n']);
    lines[Symbol.dispose]();
  });

  it('holds back no more than 64 Ki characters', () => {
    const { written, lines } = gather();
    const line = `${'x'.repeat(1023)}\n`;
    for (let i = 0; i < 100; i++) lines.write(line);
    expect(written).toHaveLength(1);
    lines[Symbol.dispose]();
    expect(written.map(({ length }) => length)).toEqual([65_536, 36 * 1024]);
  });
});
