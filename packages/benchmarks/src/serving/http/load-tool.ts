import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { ZooidError } from '@zooid/common';

const execute = promisify(execFile);

/** Requests to one address, sent over and over. */
export interface Load {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent in turn. */
  readonly bodies: readonly string[];
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Answered with 200. */
  readonly requests: number;
  readonly perSecond: number;
  /** Median and 99th percentile of the time from request to answer. */
  readonly p50Ms: number;
  readonly p99Ms: number;
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
  async run({ url, headers, bodies, connections, seconds }) {
    const folder = await mkdtemp(join(tmpdir(), 'load-'));
    try {
      const script = join(folder, 'post.lua');
      const assignments = Object.entries(headers).map(
        ([name, value]) => `wrk.headers[${quoted(name)}] = ${quoted(value)}`,
      );
      const lines = [
        'wrk.method = "POST"',
        ...assignments,
        `local bodies = { ${bodies.map(quoted).join(', ')} }`,
        'local sent = 0',
        'request = function()',
        '  sent = sent + 1',
        '  return wrk.format(nil, nil, nil, bodies[sent % #bodies + 1])',
        'end',
      ];
      await writeFile(script, `${lines.join('\n')}\n`);
      const options = ['-t', '1', '-c', String(connections), '-d', `${seconds}s`, '--latency', '-s', script, url];
      const { stdout } = await execute('wrk', options);
      const [, requests] = /(\d+) requests in/.exec(stdout) ?? [];
      const [, perSecond] = /Requests\/sec:\s+([\d.]+)/.exec(stdout) ?? [];
      if (requests === undefined || perSecond === undefined || /Non-2xx|Socket errors/.test(stdout)) {
        throw new LoadError(`wrk against ${url} reports:\n${stdout}`);
      }
      const [p50Ms, p99Ms] = ['50', '99'].map((share) => milliseconds(stdout, share));
      return { requests: Number(requests), perSecond: Number(perSecond), p50Ms: p50Ms!, p99Ms: p99Ms! };
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

const autocannon: LoadTool = {
  name: 'autocannon',
  async run(load) {
    const program = fileURLToPath(new URL('./autocannon-process.js', import.meta.url));
    const { stdout } = await execute(process.execPath, [program, JSON.stringify(load)]);
    const report = JSON.parse(stdout) as AutocannonReport;
    if (report.non2xx + report.errors + report.timeouts > 0) {
      throw new LoadError(`autocannon against ${load.url} reports:\n${stdout}`);
    }
    const { p50: p50Ms, p99: p99Ms } = report.latency;
    return { requests: report['2xx'], perSecond: report['2xx'] / report.duration, p50Ms, p99Ms };
  },
};

interface AutocannonReport extends Record<'2xx' | 'non2xx' | 'errors' | 'timeouts' | 'duration', number> {
  readonly latency: Readonly<Record<'p50' | 'p99', number>>;
}

/** wrk's "     50%    1.21ms". */
function milliseconds(report: string, percent: string): number {
  const [, value, unit] = new RegExp(`^\\s+${percent}%\\s+([\\d.]+)(us|ms|s)`, 'm').exec(report) ?? [];
  return Number(value) * { us: 1e-3, ms: 1, s: 1000 }[unit as 'us' | 'ms' | 's'];
}

/** As Lua reads strings: any byte may be written as three decimal digits. */
function quoted(text: string): string {
  const bytes = [...Buffer.from(text)].map((byte) => `\\${String(byte).padStart(3, '0')}`);
  return `"${bytes.join('')}"`;
}
