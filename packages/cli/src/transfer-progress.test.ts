import { Writable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Terminal } from './terminal.js';
import { transferDisplay } from './transfer-progress.js';

function display(json: boolean, columns: number | undefined) {
  const texts = { out: '', err: '' };
  const stream = (name: keyof typeof texts) =>
    new Writable({
      write(chunk, _, done) {
        texts[name] += String(chunk);
        done();
      },
    });
  const err = Object.assign(stream('err'), columns === undefined ? {} : { isTTY: true, columns });
  const terminal = { out: stream('out'), err, environment: { color: false } } as unknown as Terminal;
  return { display: transferDisplay(terminal, json), texts };
}

const plan = { type: 'plan', model: 'org/name', revision: 'c', files: 2, bytes: 4_000_000 } as const;
const progress = (bytes: number) =>
  ({ type: 'progress', file: 'model.safetensors', bytes, totalBytes: 3_000_000 }) as const;

describe('transferDisplay', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1000 }));
  afterEach(() => void vi.useRealTimers());

  it('shows bytes, files, speed and the time that is left on a terminal', () => {
    const { display: bar, texts } = display(false, 100);
    bar.show(plan);
    bar.show({ type: 'file', file: 'config.json', bytes: 1_000_000, cached: true });
    vi.setSystemTime(2000);
    bar.show(progress(0));
    vi.setSystemTime(4000);
    bar.show(progress(1_000_000));
    expect(texts.err.split('\r').at(-1)).toBe(
      `${'━'.repeat(24)} 2.0 MB of 4.0 MB  1/2 files  500.0 kB/s  ETA 0:04\x1b[K`,
    );
    expect(texts.out).toBe('');
    bar.clear();
    expect(texts.err.endsWith('\r\x1b[K')).toBe(true);
  });

  it('keeps what went wrong on lines of its own', () => {
    const { display: bar, texts } = display(false, 100);
    bar.show(plan);
    bar.show(progress(10));
    bar.show({ type: 'retry', reason: 'the Hub refuses further requests for now', waitMs: 30_000 });
    bar.show({ type: 'waiting', reason: 'process 7 is fetching it' });
    expect(texts.err).toContain(
      '\r\x1b[Kthe Hub refuses further requests for now; again in 0:30\nprocess 7 is fetching it\n',
    );
  });

  it('never grows beyond the width of the terminal', () => {
    const { display: bar, texts } = display(false, 40);
    bar.show(plan);
    bar.show(progress(10));
    expect(texts.err.replace('\r', '').replace('\x1b[K', '').length).toBeLessThanOrEqual(40);
  });

  it('writes JSON lines when asked, and nothing to a pipe otherwise', () => {
    const json = display(true, undefined);
    json.display.show(plan);
    json.display.show(progress(5));
    expect(json.texts).toEqual({ out: `${JSON.stringify(plan)}\n${JSON.stringify(progress(5))}\n`, err: '' });
    const piped = display(false, undefined);
    piped.display.show(plan);
    expect(piped.texts).toEqual({ out: '', err: '' });
  });
});
