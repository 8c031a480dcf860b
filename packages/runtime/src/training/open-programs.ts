import type { OpenRun, ProgramSession } from './program-session.js';

/**
 * Keeps the working memory of a session's programs within bounds. onnxruntime keeps the memory of a run for the next
 * one; a program that has not run for the longest time gives up its sessions when the idle ones together hold more
 * than the budget, and opens them anew when its turn comes.
 */
export class OpenPrograms {
  /** Bytes by which the process grew while a program ran, least recently used first. */
  private readonly footprints = new Map<ProgramSession, number>();

  /** @param budget Bytes that programs other than the running one may hold. */
  constructor(private readonly budget: number) {}

  /** Programs whose sessions are open. */
  get open(): readonly string[] {
    return Array.from(this.footprints.keys(), ({ program }) => program.name);
  }

  /** Opens the program where need be and works with it. */
  async use<T>(session: ProgramSession, work: (runs: readonly OpenRun[]) => Promise<T>): Promise<T> {
    const before = process.memoryUsage.rss();
    const runs = await session.open();
    const known = this.footprints.get(session) ?? 0;
    this.footprints.delete(session);
    this.footprints.set(session, known);
    try {
      return await work(runs);
    } finally {
      this.footprints.set(session, known + Math.max(0, process.memoryUsage.rss() - before));
      await this.trim(session);
    }
  }

  async close(): Promise<void> {
    for (const session of this.footprints.keys()) await session.close();
    this.footprints.clear();
  }

  private async trim(running: ProgramSession): Promise<void> {
    const idle = [...this.footprints].filter(([session]) => session !== running);
    let held = idle.reduce((sum, [, bytes]) => sum + bytes, 0);
    for (const [session, bytes] of idle) {
      if (held <= this.budget) return;
      this.footprints.delete(session);
      await session.close();
      held -= bytes;
    }
  }
}
