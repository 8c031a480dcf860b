import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { gate } from '../fakes/gate.js';
import { HubFixture } from './hub-fixture.js';

/** Starting processes takes its time where others keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

const script = fileURLToPath(new URL('./__fixtures__/pull-child.mjs', import.meta.url));
const weights = randomBytes(500_000);
let at: HubFixture;

interface Line {
  readonly type: string;
  readonly fetchedBytes?: number;
}

class Child {
  readonly lines: Line[] = [];
  readonly process: ChildProcess;
  private readonly ended: Promise<unknown>;
  private wake = () => {};

  constructor() {
    const env = { ...process.env, HF_ENDPOINT: at.hub.endpoint, HF_HOME: at.folder };
    this.process = spawn(process.execPath, [script, 'org/name'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    this.ended = once(this.process, 'close');
    createInterface(this.process.stdout!).on('line', (line) => {
      this.lines.push(JSON.parse(line) as Line);
      this.wake();
    });
  }

  /** The first event of a type. */
  async until(type: string): Promise<Line> {
    for (;;) {
      const found = this.lines.find((line) => line.type === type);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  async end(signal?: NodeJS.Signals): Promise<void> {
    if (signal !== undefined) this.process.kill(signal);
    await this.ended;
  }
}

beforeEach(async () => {
  at = await HubFixture.start();
  at.hub.repository('org/name').commit({ 'config.json': '{"model_type":"bert"}', 'model.safetensors': weights });
});
afterEach(() => at[Symbol.asyncDispose]());

const holdsWeights = async () => {
  const [commit] = await readdir(join(at.cacheFolder, 'models--org--name/snapshots'));
  const path = join(at.cacheFolder, 'models--org--name/snapshots', commit!, 'model.safetensors');
  return weights.equals(await readFile(path));
};

describe('two processes that pull the same model', () => {
  it('fetch every file once: the second waits and finds it there', async () => {
    const held = gate();
    at.hub.faults.add({ on: /^storage GET/, until: held.opened });
    const first = new Child();
    await first.until('plan');
    const second = new Child();
    await Promise.race([first.until('waiting'), second.until('waiting')]);
    held.open();
    const done = await Promise.all([first.until('done'), second.until('done')]);
    await Promise.all([first.end(), second.end()]);
    expect(at.hub.seen(/^storage GET/)).toHaveLength(1);
    expect(at.hub.seen(/resolve\/[0-9a-f]+\/config\.json/)).toHaveLength(1);
    expect(done.map(({ fetchedBytes }) => fetchedBytes).sort((a, b) => a! - b!)).toEqual([0, weights.length + 21]);
    expect(await holdsWeights()).toBe(true);
  });

  it('survive that the first is killed: the second takes over its lock and goes on where it stopped', async () => {
    at.hub.faults.add({ on: /^storage GET/, stallAt: 300_000 });
    const first = new Child();
    await first.until('progress');
    const second = new Child();
    await second.until('waiting');
    await first.end('SIGKILL');
    const { fetchedBytes } = await second.until('done');
    await second.end();
    expect(fetchedBytes).toBeLessThan(weights.length);
    expect(at.hub.seen(/^storage GET/)[1]!.headers.range).toMatch(/^bytes=\d+-$/);
    expect(await holdsWeights()).toBe(true);
    expect(await readdir(join(at.cacheFolder, '.locks/models--org--name'))).toEqual([]);
  });
});
