import { randomBytes } from 'node:crypto';
import { constants, existsSync } from 'node:fs';
import { access, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../errors.js';
import { generatorMark } from './page.js';

const pageName = 'index.html';
const summaryName = 'report.json';
const predictionsName = 'predictions.jsonl';

export interface ReportFiles {
  readonly page: string;
  readonly summary: string;
  /** Lines, made one by one. */
  readonly predictions: Iterable<string>;
}

/** A folder that holds a report, or will. */
export class ReportFolder {
  private constructor(private readonly folder: string) {}

  /**
   * Creates the folder where there is none. An older report in it is replaced, later.
   *
   * @throws UsageError when it cannot be written to, or holds files of such names that are no report.
   */
  static async open(folder: string): Promise<ReportFolder> {
    try {
      await mkdir(folder, { recursive: true });
      await access(folder, constants.W_OK);
    } catch (error) {
      throw cannotWrite(folder, error);
    }
    const foreign = await foreignFile(folder);
    if (foreign === undefined) return new ReportFolder(folder);
    throw new UsageError(`--report ${folder}: holds a file ${foreign} that is not of a report; name another folder`);
  }

  get page(): string {
    return join(this.folder, pageName);
  }

  /** Writes all files aside, and only then puts them in their places: what stood there stays whole until then. */
  async write({ page, summary, predictions }: ReportFiles): Promise<void> {
    const names = new Map<string, Iterable<string>>([
      [predictionsName, predictions],
      [summaryName, [summary]],
      [pageName, [page]],
    ]);
    const suffix = `${process.pid}-${randomBytes(4).toString('hex')}.tmp`;
    const aside = (name: string) => join(this.folder, `.${name}.${suffix}`);
    try {
      for (const [name, parts] of names) await writeParts(aside(name), parts);
      for (const name of names.keys()) await rename(aside(name), join(this.folder, name));
    } catch (error) {
      throw isSystemError(error) ? cannotWrite(this.folder, error) : error;
    } finally {
      for (const name of names.keys()) await rm(aside(name), { force: true });
    }
  }
}

/** A file that a report would replace without being an older one. */
async function foreignFile(folder: string): Promise<string | undefined> {
  const present = [pageName, summaryName, predictionsName].filter((name) => existsSync(join(folder, name)));
  if (present.length === 0) return undefined;
  if (!present.includes(pageName)) return present[0];
  const page = await readFile(join(folder, pageName), 'utf8').catch(() => '');
  return page.slice(0, 1000).includes(generatorMark) ? undefined : pageName;
}

/** Characters that are written at once. */
const chunkLength = 1 << 20;

async function writeParts(path: string, parts: Iterable<string>): Promise<void> {
  await using file = await open(path, 'wx');
  let pending: string[] = [];
  let length = 0;
  const flush = async () => {
    await file.appendFile(pending.join(''));
    pending = [];
    length = 0;
  };
  for (const part of parts) {
    pending.push(part);
    length += part.length;
    if (length >= chunkLength) await flush();
  }
  await flush();
}

const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error;

const cannotWrite = (folder: string, error: unknown): UsageError =>
  new UsageError(`--report ${folder}: cannot be written to: ${(error as Error).message}`, { cause: error });
