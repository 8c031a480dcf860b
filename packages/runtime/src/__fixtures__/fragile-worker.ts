import { SessionError } from '../errors.js';
import { type Answer, serveWorker } from '../workers/serve-worker.js';

/** A worker with every way to fail. */
serveWorker({
  async echo(payload: unknown): Promise<Answer> {
    return { value: payload };
  },
  async delay(milliseconds: number): Promise<Answer> {
    await new Promise((resolve) => setTimeout(resolve, milliseconds));
    return { value: milliseconds };
  },
  /** As native code does: nothing else happens in this thread meanwhile. */
  block(milliseconds: number): Answer {
    for (const end = performance.now() + milliseconds; performance.now() < end; );
    return { value: milliseconds };
  },
  async fail(message: string): Promise<Answer> {
    throw new SessionError(message, { program: 'toy' });
  },
  async unanswerable(): Promise<Answer> {
    return { value: () => 'functions cannot be sent' };
  },
  async crash(message: string): Promise<Answer> {
    setImmediate(() => {
      throw new TypeError(message);
    });
    return new Promise(() => {});
  },
  async exit(code: number): Promise<Answer> {
    process.exit(code);
  },
  async dispose(): Promise<Answer> {
    return { value: undefined };
  },
});
