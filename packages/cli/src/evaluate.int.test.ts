import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

const gold = [
  { text: 'hi', label: 'short' },
  { text: 'hello there', label: 'long' },
  { text: '<b>yo', label: 'long' },
  { text: '<b>', label: 'short' },
];
beforeAll(async () => {
  at = await Workplace.create();
  await at.write('gold.jsonl', gold);
});
afterAll(() => at.remove());

const evaluate = (...words: string[]) => at.zooid(['evaluate', 'tiny', '--data', 'gold.jsonl', ...words]);

describe('zooid evaluate', () => {
  it('prints model, examples and metrics', async () => {
    const { code, out } = await evaluate('--json');
    const result = { model: 'tiny', revision: 'tiny-1', data: 'gold.jsonl', examples: 4, metrics: { accuracy: 0.75 } };
    expect({ code, result: JSON.parse(out) }).toEqual({ code: 0, result });
    expect((await evaluate()).out).toMatch(/accuracy +0\.7500/);
  });

  it('writes a report, says where it lies, and replaces an older one', async () => {
    const page = 'reports/new/index.html';
    expect((await evaluate('--report', 'reports/new')).out).toContain(`report: ${page}\n`);
    const before = await readFile(at.path(page), 'utf8');
    expect(JSON.parse((await evaluate('--report', 'reports/new', '--json')).out)).toMatchObject({ report: page });

    const report = JSON.parse(await readFile(at.path('reports/new/report.json'), 'utf8'));
    expect(report).toMatchObject({
      format: 1,
      model: 'tiny',
      revision: 'tiny-1',
      app: 'echo',
      data: 'gold.jsonl',
      dataSha256: createHash('sha256')
        .update(await readFile(at.path('gold.jsonl')))
        .digest('hex'),
      examples: 4,
      versions: { node: expect.any(String), zooid: expect.any(String) },
      metrics: { accuracy: 0.75 },
      groups: [
        {
          kind: 'labels',
          cases: 4,
          mistaken: 1,
          worst: [{ index: 2, origin: 'gold.jsonl:3', score: 0.25, text: '<b>yo' }],
        },
      ],
    });
    expect(
      (await at.readLines('reports/new/predictions.jsonl')).map(({ text, prediction }) => [text, prediction]),
    ).toEqual(gold.map(({ text }) => [text, expect.objectContaining({ intent: expect.any(String) })]));
    const after = await readFile(at.path(page), 'utf8');
    expect(after).toContain(report.date);
    expect(after).not.toBe(before);
    expect(after).toContain('&#60;b&#62;yo');
    expect(after).not.toContain('<b>yo');
  });

  it('refuses a folder that cannot hold the report, before anything is evaluated', async () => {
    await writeFile(at.path('taken'), 'a file');
    await at.refused(
      ['evaluate', 'tiny', '--data', 'nowhere.jsonl', '--report', 'taken'],
      /--report taken: cannot be written to: EEXIST/,
    );
    await at.write('index.html', ['<h1>mine</h1>']);
    await at.refused(
      ['evaluate', 'tiny', '--data', 'gold.jsonl', '--report', '.'],
      /--report \.: holds a file index\.html that is not of a report; name another folder/,
    );
  });

  it('stops at the first bad example, naming file, line and field, and leaves no report', async () => {
    await at.write('bad.jsonl', [{ text: 'hi', label: 'short' }, '', { text: 'no label' }]);
    await at.refused(
      ['evaluate', 'tiny', '--data', 'bad.jsonl', '--report', 'half'],
      /bad\.jsonl:3: \/label is required/,
    );
    expect(existsSync(at.path('half/index.html'))).toBe(false);
    await at.write('bad.jsonl', [{ text: 'hi', label: 'short' }, '{oops']);
    await at.refused(['evaluate', 'tiny', '--data', 'bad.jsonl'], /bad\.jsonl:2: is not valid JSON/);
    await at.refused(['evaluate', 'tiny', '--data', 'nowhere.jsonl'], /there is no such file/);
    await at.refused(['evaluate', 'tiny', '--data', 'nodata:test'], /unknown dataset 'nodata'/);
    await at.write('empty.jsonl', []);
    await at.refused(['evaluate', 'tiny', '--data', 'empty.jsonl'], /no (examples|records)/);
  });
});
