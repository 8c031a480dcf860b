import { Writable } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { ProgressBar } from './progress-bar.js';
import type { Terminal } from './terminal.js';

function bar(columns: number) {
  const written: string[] = [];
  const sink = new Writable({
    write(chunk, _, done) {
      written.push(String(chunk));
      done();
    },
  });
  const err = Object.assign(sink, { isTTY: true, columns });
  const terminal = { err, out: err, environment: { color: false, cacheFolder: '' } } as unknown as Terminal;
  return { bar: new ProgressBar(terminal), text: () => written.join('') };
}

const step = (n: number) =>
  ({
    type: 'step',
    step: n,
    totalSteps: 100,
    epoch: 2,
    loss: 0.51234,
    learningRate: 3e-4,
    tokensPerSecond: 12_345.6,
  }) as const;

describe('ProgressBar', () => {
  it('shows step, epoch, loss, learning rate, speed and the time that is left', () => {
    vi.useFakeTimers({ now: 0 });
    const { bar: progress, text } = bar(120);
    progress.show(step(10));
    vi.setSystemTime(10_000);
    progress.show(step(50));
    vi.useRealTimers();
    const last = text().split('\r').at(-1);
    expect(last).toBe(`${'━'.repeat(24)} 50/100  epoch 3  loss 0.5123  lr 3.0e-4  12346 tokens/s  ETA 0:13\x1b[K`);
  });

  it('never grows beyond the width of the terminal', () => {
    const { bar: progress, text } = bar(50);
    progress.show(step(1));
    expect(text().replace('\r', '').replace('\x1b[K', '').length).toBeLessThanOrEqual(50);
  });

  it('keeps evaluations on lines of their own', () => {
    const { bar: progress, text } = bar(100);
    progress.show(step(1));
    progress.show({
      type: 'evaluation',
      step: 1,
      split: 'validation',
      metrics: { accuracy: 0.5, 'f1/PER': 0.25, count: 3 }, // what concerns one class is left out
      best: true,
    });
    expect(text().endsWith('\r\x1b[Kstep 1  validation  accuracy 0.5000  count 3  best\n')).toBe(true);
  });
});
