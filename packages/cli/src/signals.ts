import { setMaxListeners } from 'node:events';

/** Fires once on Ctrl-C (or SIGTERM); the second time the process ends at once, as if nobody listened. */
export interface Interruption extends Disposable {
  readonly signal: AbortSignal;
}

const names = ['SIGINT', 'SIGTERM'] as const;

/**
 * A supervisor's SIGTERM often comes twice: from the process group, and from npm, which passes on its own. Only a person
 * presses Ctrl-C again, so this holds for SIGTERM alone.
 */
const sameRequestMs = 1000;

/** What can be interrupted in this process now, as its signals reach all of it. */
const interruptible = new Set<AbortController>();

/** Interrupts as Ctrl-C does, without a word. @returns Whether anything could be. */
export function interruptQuietly(): boolean {
  for (const controller of interruptible) controller.abort('SIGPIPE');
  return interruptible.size > 0;
}

/** @param onFirst Tells the user what happens now. */
export function listenForInterrupt(onFirst: (name: NodeJS.Signals) => void): Interruption {
  const controller = new AbortController();
  interruptible.add(controller);
  let firstAt = 0;
  setMaxListeners(0, controller.signal); // every batch in flight listens
  const listener = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      if (name === 'SIGTERM' && performance.now() - firstAt < sameRequestMs) return;
      // process.exit() would wait for, or crash with, a worker that is inside a long native call; the signal's default
      // action does neither.
      for (const other of names) process.removeAllListeners(other);
      process.kill(process.pid, name);
      return;
    }
    firstAt = performance.now();
    onFirst(name);
    controller.abort(name);
  };
  for (const name of names) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]: () => {
      interruptible.delete(controller);
      for (const name of names) process.off(name, listener);
    },
  };
}
