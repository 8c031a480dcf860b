import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ZooidError } from '@zooid/common';

const execute = promisify(execFile);

/** One request, sent over and over. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Answered with 200. */
  readonly requests: number;
  readonly perSecond: number;
}

/** The load did not go as it should, so its numbers mean nothing. */
export class LoadError extends ZooidError {
  readonly code = 'LOAD_FAILED';
}

/** A program that puts load on a server, in a process of its own. */
export interface LoadTool {
  readonly name: 'wrk' | 'autocannon';
  /** @throws LoadError when a request was refused, failed or timed out. */
  run(load: Load): Promise<LoadResult>;
}

/** wrk, which costs little itself, when it is installed; else autocannon. */
export async function findLoadTool(): Promise<LoadTool> {
  // `wrk -v` prints its version and exits with 1; without the program there is no exit status.
  const missing = await execute('wrk', ['-v']).then(
    () => false,
    ({ code }) => code === 'ENOENT',
  );
  return missing ? autocannon : wrk;
}

const wrk: LoadTool = {
  name: 'wrk',
  async run({ url, headers, body, connections, seconds }) {
    const folder = await mkdtemp(join(tmpdir(), 'load-'));
    try {
      const script = join(folder, 'post.lua');
      const assignments = Object.entries(headers).map(
        ([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`,
      );
      await writeFile(script, ['wrk.method = "POST"', `wrk.body = ${quoted(body)}`, ...assignments, ''].join('\n'));
      const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '-s', script, url];
      const { stdout } = await execute('wrk', options);
      const [, requests] = /(\d+) requests in/.exec(stdout) ?? [];
      const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? [];
      if (requests === undefined || perSecond === undefined || /Non-2xx|Socket errors/.test(stdout)) {
        throw new LoadError(`wrk against ${url} reports:\n${stdout}`);
      }
      return { requests: Number(requests), perSecond: Number(perSecond) };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

const autocannon: LoadTool = {
  name: 'autocannon',
  async run({ url, headers, body, connections, seconds }) {
    const program = createRequire(import.meta.url).resolve('autocannon');
    const options = ['-c', String(connections), '-d', String(seconds), '-m', 'POST', '-b', body, '--json'];
    const named = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}=${value}`]);
    const { stdout } = await execute(process.execPath, [program, ...options, ...named, url]);
    const report = JSON.parse(stdout) as Record<'2xx' | 'non2xx' | 'errors' | 'timeouts' | 'duration', number>;
    if (report.non2xx + report.errors + report.timeouts > 0) {
      throw new LoadError(`autocannon against ${url} reports:\n${stdout}`);
    }
    return { requests: report['2xx'], perSecond: report['2xx'] / report.duration };
  },
};

/** As Lua reads strings: any byte may be written as three decimal digits. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`);
  return `"${bytes.join('')}"`;
}
