import { closeSync, openSync, readSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How long turns of this thread's event loop were, in milliseconds. */
export interface TurnTimes {
  /** Processor time this thread spent between two ticks of a 1 ms timer: work that nothing else could interrupt. */
  readonly p99BusyMs: number;
  readonly maxBusyMs: number;
  /** Wall time by which the timer was late: the above, and waiting for a processor that other threads had. */
  readonly maxDelayMs: number;
}

/**
 * Tells work that holds the event loop from a machine that has no processor to spare: on two cores, two model workers and a load
 * generator make every thread wait, however short its turns are. Reads the kernel's accounting of this thread (Linux); elsewhere
 * busy time is the delay itself.
 */
export class TurnMeter {
  private readonly delay = monitorEventLoopDelay({ resolution: 1 });
  private readonly busy: number[] = [];
  private readonly account = openAccount();
  private readonly buffer = Buffer.alloc(64);
  private last = 0;
  private timer: NodeJS.Timeout | undefined;

  start(): void {
    this.delay.enable();
    this.last = this.onProcessorMs();
    const tick = (): void => {
      const now = this.onProcessorMs();
      this.busy.push(now - this.last);
      this.last = now;
      this.timer = setTimeout(tick, 1);
    };
    tick();
  }

  stop(): TurnTimes {
    clearTimeout(this.timer);
    this.delay.disable();
    const maxDelayMs = this.delay.max / 1e6;
    if (this.account === undefined) {
      return { p99BusyMs: this.delay.percentile(99) / 1e6, maxBusyMs: maxDelayMs, maxDelayMs };
    }
    closeSync(this.account);
    const sorted = this.busy.toSorted((a, b) => a - b);
    return { p99BusyMs: sorted[Math.floor(0.99 * sorted.length)] ?? 0, maxBusyMs: sorted.at(-1) ?? 0, maxDelayMs };
  }

  /** Time this thread has been on a processor. */
  private onProcessorMs(): number {
    if (this.account === undefined) return performance.now();
    const length = readSync(this.account, this.buffer, 0, this.buffer.length, 0);
    return Number.parseInt(this.buffer.toString('latin1', 0, length), 10) / 1e6;
  }
}

/** `schedstat` of the main thread, whose task id is the process's: nanoseconds on a processor come first. */
function openAccount(): number | undefined {
  try {
    return openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
  } catch {
    return undefined;
  }
}
