import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lines, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
});
afterAll(() => at.remove());

describe('zooid predict', () => {
  const mixed = [
    { text: 'hi', id: 1 },
    '{broken',
    '',
    { text: 'a longer text', label: 'x' },
    { text: 5 },
    'null',
    '"bare"',
    { text: 'odd' },
    { text: 'last' },
  ];

  it('is a filter: standard input to standard output, fields kept, order kept', async () => {
    const input = Array.from({ length: 300 }, (_, i) => JSON.stringify({ id: i, text: 'x'.repeat((i % 9) + 1) })).join(
      '\n',
    );
    const { code, out, err } = await at.zooid(['predict', 'tiny'], { input });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const rows = lines(out);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(rows.map(({ prediction }) => (prediction as { intent: string }).intent)).toEqual(
      Array.from({ length: 300 }, (_, i) => ((i % 9) + 1 > 5 ? 'long' : 'short')),
    );
  });

  it('sets bad lines aside with line and field, and goes on', async () => {
    await at.write('mixed.jsonl', mixed);
    const { code, err } = await at.zooid(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'mixed.out']);
    expect({ code, err }).toEqual({ code: 0, err: '4 lines answered, 4 set aside in mixed.out.errors.jsonl\n' });
    expect((await at.readLines('mixed.out')).map(({ text }) => text)).toEqual(['hi', 'a longer text', 'bare', 'last']);
    expect(await at.readLines('mixed.out.errors.jsonl')).toEqual([
      { file: 'mixed.jsonl', line: 2, message: 'is not valid JSON' },
      { file: 'mixed.jsonl', line: 5, field: 'text', message: 'must be a string, got 5' },
      { file: 'mixed.jsonl', line: 6, message: 'must be an object, got null' },
      { file: 'mixed.jsonl', line: 8, field: 'text', message: 'is odd' },
    ]);
  });

  it('names bad lines on stderr when it writes to a pipe', async () => {
    const { out, err } = await at.zooid(['predict', 'tiny'], {
      input: Buffer.from('{"text":"ok"}\n{"text":"\xff"}\n', 'latin1'),
    });
    expect(lines(out)).toHaveLength(1);
    expect(err).toContain('{"file":"-","line":2,"message":"is not valid UTF-8"}');
  });

  it.each([2, 64])(
    'goes on with --resume after a kill at any byte, with the same result (batches of %i)',
    async (batch) => {
      const words = ['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'resumed.out', '--batch', String(batch)];
      await at.write('mixed.jsonl', mixed);
      await at.zooid(words);
      const names = ['resumed.out', 'resumed.out.errors.jsonl'].map((name) => at.path(name));
      const [whole = '', refusals = ''] = await Promise.all(names.map((name) => readFile(name, 'utf8')));
      // Refusals of a batch are written before its answers, so these are states a kill can leave.
      for (const [keep, refused] of [
        [0, 0],
        [whole.indexOf('\n') + 10, refusals.indexOf('\n') + 1],
        [whole.length - 5, refusals.length],
        [0, refusals.length],
        [whole.length, refusals.length],
      ] as const) {
        await writeFile(names[0]!, whole.slice(0, keep));
        await writeFile(names[1]!, refusals.slice(0, refused));
        expect((await at.zooid([...words, '--resume'])).code).toBe(0);
        expect(await Promise.all(names.map((name) => readFile(name, 'utf8')))).toEqual([whole, refusals]);
      }
    },
  );

  it('starts afresh without --resume, and leaves no side file when no line was refused', async () => {
    await at.write('clean.jsonl', [{ text: 'one' }]);
    await at.write('clean.out.errors.jsonl', ['{"line":9}']);
    await at.zooid(['predict', 'tiny', '--input', 'clean.jsonl', '--output', 'clean.out']);
    expect(await at.readLines('clean.out')).toHaveLength(1);
    expect(existsSync(at.path('clean.out.errors.jsonl'))).toBe(false);
  });

  it('refuses files that cannot work', async () => {
    await at.refused(['predict', 'tiny', '--input', 'none.jsonl'], /none\.jsonl: there is no such file/);
    await at.refused(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', './mixed.jsonl'], /the same file/);
    await at.refused(['predict', 'tiny', '--resume'], /--resume needs --output FILE/);
    await at.refused(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'no/such/dir.jsonl'], /cannot write/);
    await at.refused(
      ['predict', 'tiny', '--input', 'mixed.jsonl', '--parameters', '{"delayMs":-1}'],
      /\/parameters\/delayMs/,
    );
  });

  it('ends quietly when its reader has seen enough', async () => {
    const input = Array.from({ length: 5000 }, () => JSON.stringify({ text: 'x' })).join('\n');
    const child = at.start(['predict', 'tiny', '--batch', '1']);
    child.stdin?.on('error', () => {}).end(input);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, err: child.text.err }).toEqual({ code: 0, err: '' });
  });
});
