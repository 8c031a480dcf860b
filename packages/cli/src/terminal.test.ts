import { describe, expect, it } from 'vitest';
import { displayWidth, formatBytes, formatDuration, formatTable } from './terminal.js';

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['歌手', 4],
    ['ｱ', 1],
    ['，', 2],
    ['😀', 2],
    ['e\u0301', 1],
    ['𠮷', 2],
    ['', 0],
  ])('%s takes %i cells', (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe('formatTable', () => {
  it('aligns columns by cells on the screen, and leaves no trailing blanks', () => {
    const rows = [
      ['type', 'text'],
      ['歌', 'x'],
      ['singer', '周杰伦'],
    ];
    expect(formatTable(rows, (header) => header.toUpperCase())).toBe('TYPE    TEXT\n歌      x\nsinger  周杰伦');
  });
});

describe('formatBytes and formatDuration', () => {
  it('keep to what fits a glance', () => {
    expect([0, 999, 1000, 12_345_678, 5e15].map(formatBytes)).toEqual([
      '0 B',
      '999 B',
      '1.0 kB',
      '12.3 MB',
      '5000.0 TB',
    ]);
    expect([0, 59.6, 3723].map(formatDuration)).toEqual(['0:00', '1:00', '1:02:03']);
  });
});
