import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ZooidError } from '@zooid/common';
import { descendantsOf, treeRssMiB } from './process-tree.js';

const program = fileURLToPath(new URL('../../../../cli/bin/zooid.js', import.meta.url));

/** How long a server may take to start or to end, however busy the machine is. */
const patienceMs = 120_000;

/** `zooid serve` did not do what any measurement of it needs. */
export class ServedProgramError extends ZooidError {
  readonly code = 'SERVED_PROGRAM_FAILED';
}

export interface ServedProgramOptions {
  /** Content of zooid.yaml; JSON is YAML. The port is chosen freely. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly environment?: NodeJS.ProcessEnv;
  /** Program and arguments that start it, such as a shell with other limits; default: directly. */
  readonly wrapper?: readonly string[];
}

/** One line of the server's log. */
export type LogLine = Readonly<Record<string, unknown>>;

/** `zooid serve` as users start it, watched from outside. */
export class ServedProgram implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly child: ChildProcess,
    private readonly folder: string,
    private readonly written: { text: string },
    private readonly exited: Promise<number | string>,
  ) {}

  /** @throws ServedProgramError with what it wrote, when it ends before it listens. */
  static async start({ config, environment, wrapper = [] }: ServedProgramOptions): Promise<ServedProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-served-'));
    const file = join(folder, 'zooid.yaml');
    await writeFile(file, JSON.stringify(config));
    const words = [...wrapper, process.execPath, program, 'serve', '--config', file, '--port', '0', '--json'];
    const child = spawn(words[0]!, words.slice(1), {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ZOOID_CACHE: join(folder, 'cache'), ...environment },
    });
    const written = { text: '' };
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      written.text += chunk;
    });
    const exited = once(child, 'close').then(([status, signal]) => (status as number | null) ?? (signal as string));
    try {
      const url = await Promise.race([announcement(child), refuse(exited, written), tooLong(written)]);
      return new ServedProgram(url, child, folder, written, exited);
    } catch (error) {
      child.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
      throw error;
    }
  }

  get pid(): number {
    return this.child.pid!;
  }

  /** Resident memory of the server and its children, in MiB. */
  get rssMiB(): number {
    return treeRssMiB(this.pid);
  }

  get children(): readonly number[] {
    return descendantsOf(this.pid);
  }

  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** What it has logged, line by line; what is not JSON is under `text`. */
  get log(): readonly LogLine[] {
    return this.written.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => {
        try {
          return JSON.parse(line) as LogLine;
        } catch {
          return { text: line };
        }
      });
  }

  signal(name: NodeJS.Signals): void {
    this.child.kill(name);
  }

  /** Sends SIGTERM. @returns the exit status, or the name of the signal that ended it. */
  async stop(): Promise<number | string> {
    this.signal('SIGTERM');
    const outcome = await Promise.race([this.exited, sleep(patienceMs, 'late', { ref: false })]);
    if (outcome === 'late') this.signal('SIGKILL');
    return outcome;
  }

  /** Metrics without labels, by name. Percentiles are since the scrape before, whoever made it. */
  async scrape(): Promise<ReadonlyMap<string, number>> {
    const text = await (await fetch(`${this.url}/metrics`)).text();
    return new Map([...text.matchAll(/^(\w+) (\S+)$/gm)].map(([, name, value]) => [name!, Number(value)]));
  }

  /** One metric without labels. @throws ServedProgramError when there is none. */
  async metric(name: string): Promise<number> {
    const value = (await this.scrape()).get(name);
    if (value === undefined) throw new ServedProgramError(`/metrics has no ${name}`);
    return value;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

function announcement(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let said = '';
    child.stdout!.on('data', (chunk: Buffer) => {
      said += chunk;
      const [, url] = /"url"\s*:\s*"([^"]+)"/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
  });
}

async function refuse(exited: Promise<number | string>, written: { readonly text: string }): Promise<never> {
  const status = await exited;
  throw new ServedProgramError(`zooid serve ended with ${status} before it listened: ${written.text}`);
}

async function tooLong(written: { readonly text: string }): Promise<never> {
  await sleep(patienceMs, undefined, { ref: false });
  throw new ServedProgramError(`zooid serve did not listen within ${patienceMs / 1000} s: ${written.text}`);
}
