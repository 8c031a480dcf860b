import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { RawLoopRequest, RawLoopResult } from './raw-loop.js';

const program = fileURLToPath(new URL('./raw-loop.js', import.meta.url));

/** onnxruntime alone in `processes` processes at once: runs a second of all together, and the median time of one. */
export async function rawLoops(request: RawLoopRequest, processes: number): Promise<RawLoopResult> {
  const loops = Array.from({ length: processes }, () => {
    const child = spawn(process.execPath, [program, JSON.stringify(request)], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const line = async () => {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`the loop over ${request.model} ended before it was done`);
      return value;
    };
    return { child, line };
  });
  for (const { line } of loops) await line();
  for (const { child } of loops) child.stdin.write('go\n');
  const results = await Promise.all(loops.map(async ({ line }) => JSON.parse(await line()) as RawLoopResult));
  return {
    perSecond: results.reduce((sum, { perSecond }) => sum + perSecond, 0),
    p50Ms: Math.max(...results.map(({ p50Ms }) => p50Ms)),
  };
}
