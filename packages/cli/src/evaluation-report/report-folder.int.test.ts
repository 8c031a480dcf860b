import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../errors.js';
import { generatorMark } from './page.js';
import { ReportFolder } from './report-folder.js';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-report-'));
});
afterAll(() => rm(root, { recursive: true }));

const files = (name: string) => ({
  page: `<!doctype html>${generatorMark}${name}`,
  summary: name,
  predictions: [`${name} 1\n`, `${name} 2\n`],
});
const read = async (folder: string) =>
  Object.fromEntries(
    await Promise.all(
      (await readdir(folder)).sort().map(async (name) => [name, await readFile(join(folder, name), 'utf8')] as const),
    ),
  );

describe('a report folder', () => {
  it('is created, and its files are replaced by those of the next report', async () => {
    const folder = join(root, 'deep', 'report');
    for (const name of ['old', 'new']) {
      const report = await ReportFolder.open(folder);
      expect(report.page).toBe(join(folder, 'index.html'));
      await report.write(files(name));
    }
    expect(await read(folder)).toEqual({
      'index.html': files('new').page,
      'predictions.jsonl': 'new 1\nnew 2\n',
      'report.json': 'new',
    });
  });

  it('keeps the old report, and nothing half, when the new one cannot be finished', async () => {
    const folder = join(root, 'kept');
    await (await ReportFolder.open(folder)).write(files('old'));
    function* broken(): Generator<string> {
      yield 'x'.repeat(2_000_000);
      throw new RangeError('the record cannot be written');
    }
    const report = await ReportFolder.open(folder);
    await expect(report.write({ ...files('new'), predictions: broken() })).rejects.toThrow(
      'the record cannot be written',
    );
    expect(Object.keys(await read(folder))).toEqual(['index.html', 'predictions.jsonl', 'report.json']);
    expect(await readFile(join(folder, 'predictions.jsonl'), 'utf8')).toBe('old 1\nold 2\n');
  });

  it('is refused where files of others would be replaced', async () => {
    for (const name of ['index.html', 'report.json', 'predictions.jsonl']) {
      const folder = join(root, `site-${name}`);
      await mkdir(folder);
      await writeFile(join(folder, name), '<h1>my site</h1>');
      await expect(ReportFolder.open(folder)).rejects.toThrow(
        `--report ${folder}: holds a file ${name} that is not of a report; name another folder`,
      );
      expect(await read(folder)).toEqual({ [name]: '<h1>my site</h1>' });
    }
    const other = join(root, 'notes');
    await mkdir(other);
    await writeFile(join(other, 'notes.txt'), 'mine');
    await (await ReportFolder.open(other)).write(files('new'));
    expect((await read(other))['notes.txt']).toBe('mine');
  });

  it('is refused with the reason where it cannot be one', async () => {
    const file = join(root, 'file');
    await writeFile(file, '');
    for (const folder of [file, join(file, 'below')]) {
      const opening = ReportFolder.open(folder);
      await expect(opening).rejects.toThrow(UsageError);
      await expect(opening).rejects.toThrow(/cannot be written to: (EEXIST|ENOTDIR)/);
    }
  });

  it('says so when it went away meanwhile', async () => {
    const folder = join(root, 'gone');
    const report = await ReportFolder.open(folder);
    await rm(folder, { recursive: true });
    await expect(report.write(files('new'))).rejects.toThrow(/--report .*gone: cannot be written to: ENOENT/);
  });
});
