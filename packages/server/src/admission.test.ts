import { describe, expect, it } from 'vitest';
import { Admission } from './admission.js';

const never = new AbortController().signal;

/** Work that ends when told to. */
function job() {
  let finish = () => {};
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  return { ended, finish };
}

/** Works in a place of its own. */
async function run<T>(admission: Admission, work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  await admission.enter(signal);
  try {
    return await work();
  } finally {
    admission.leave();
  }
}

describe('Admission', () => {
  it('runs a bounded number at a time, in the order of arrival', async () => {
    const admission = new Admission(2, 10);
    const jobs = Array.from({ length: 5 }, job);
    const started: number[] = [];
    const runs = jobs.map(({ ended }, i) =>
      run(
        admission,
        () => {
          started.push(i);
          return ended;
        },
        never,
      ),
    );
    await Promise.resolve();
    expect(started).toEqual([0, 1]);
    expect(admission.load).toEqual({ running: 2, queued: 3 });
    jobs[1]!.finish();
    await runs[1];
    await expect.poll(() => started).toEqual([0, 1, 2]);
    for (const { finish } of jobs) finish();
    await Promise.all(runs);
    expect(started).toEqual([0, 1, 2, 3, 4]);
    expect(admission.load).toEqual({ running: 0, queued: 0 });
  });

  it('refuses at once when the queue is full', async () => {
    const admission = new Admission(1, 0);
    const { ended, finish } = job();
    const first = run(admission, () => ended, never);
    await expect(run(admission, async () => 1, never)).rejects.toMatchObject({ code: 'OVERLOADED' });
    finish();
    await first;
    expect(await run(admission, async () => 1, never)).toBe(1);
  });

  it('forgets those who leave while they wait, and never calls their work', async () => {
    const admission = new Admission(1, 5);
    const { ended, finish } = job();
    const first = run(admission, () => ended, never);
    const gone = new AbortController();
    let called = false;
    const second = run(
      admission,
      async () => {
        called = true;
      },
      gone.signal,
    );
    gone.abort();
    await expect(second).rejects.toMatchObject({ code: 'ABORTED' });
    expect(admission.load).toEqual({ running: 1, queued: 0 });
    finish();
    await first;
    expect(called).toBe(false);
    expect(admission.load).toEqual({ running: 0, queued: 0 });
  });

  it('gives the place back when the work fails', async () => {
    const admission = new Admission(1, 0);
    await expect(run(admission, () => Promise.reject(new Error('x')), never)).rejects.toThrow('x');
    expect(admission.load.running).toBe(0);
  });
});
