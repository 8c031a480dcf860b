import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';

const bin = fileURLToPath(new URL('../../bin/zooid.js', import.meta.url));
export const plugin = fileURLToPath(new URL('./fake-plugin.mjs', import.meta.url));

/** JSON lines, parsed. */
export const lines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);

export interface Input {
  readonly input?: string | Buffer;
  readonly env?: NodeJS.ProcessEnv;
}

export type Running = ChildProcess & { readonly text: { out: string; err: string } };

/** A folder with a zooid.yaml that loads the fake plugin, and the built command run in it. */
export class Workplace {
  private constructor(readonly folder: string) {}

  static async create(): Promise<Workplace> {
    const workplace = new Workplace(await mkdtemp(join(tmpdir(), 'zooid-cli-')));
    await writeFile(workplace.path('zooid.yaml'), `plugins: [${plugin}]\n`);
    return workplace;
  }

  remove(): Promise<void> {
    return rm(this.folder, { recursive: true });
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  start(words: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(process.execPath, [bin, ...words], { cwd: this.folder, env: { ...process.env, ...env } });
    const text = { out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.out += chunk;
    });
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text.err += chunk;
    });
    return Object.assign(child, { text });
  }

  async zooid(words: readonly string[], { input = '', env = {} }: Input = {}) {
    const child = this.start(words, env);
    child.stdin?.on('error', () => {}).end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, ...child.text };
  }

  /** Asserts a usage error: status 2, one line on stderr, nothing on stdout. */
  async refused(words: readonly string[], message: RegExp, options: Input = {}): Promise<void> {
    const { code, out, err } = await this.zooid(words, options);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toMatch(message);
  }

  /** One line per element; strings as they are, the rest as JSON. */
  write(name: string, content: readonly unknown[]): Promise<void> {
    const text = content.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
    return writeFile(this.path(name), text);
  }

  async readLines(name: string): Promise<Record<string, unknown>[]> {
    return lines(await readFile(this.path(name), 'utf8'));
  }
}
