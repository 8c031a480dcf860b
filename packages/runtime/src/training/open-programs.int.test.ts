import { describe, expect, it } from 'vitest';
import { numbers, openRegression, request } from '../__fixtures__/engines.js';
import { regressionBatch } from '../__fixtures__/toy-programs.js';
import { OpenPrograms } from './open-programs.js';
import type { ProgramSession } from './program-session.js';

const megabytes = 64;

/** A program whose run makes the process grow by 64 MiB. */
function hungry(name: string, log: string[]): ProgramSession {
  let held: Buffer | undefined;
  return {
    program: { name },
    async open() {
      if (held === undefined) log.push(`open ${name}`);
      held ??= Buffer.alloc(megabytes * 2 ** 20, 1);
      return [];
    },
    async close() {
      log.push(`close ${name}`);
      held = undefined;
    },
  } as unknown as ProgramSession;
}

describe('programs that are open', () => {
  it('give up their memory, longest idle first, when the idle ones hold more than the budget', async () => {
    const log: string[] = [];
    const programs = new OpenPrograms(1.5 * megabytes * 2 ** 20);
    const [a, b, c] = ['a', 'b', 'c'].map((name) => hungry(name, log));
    for (const session of [a!, b!, a!, c!]) await programs.use(session, async () => {});
    expect(log).toEqual(['open a', 'open b', 'open c', 'close b']);
    expect(programs.open).toEqual(['a', 'c']);
    await programs.use(b!, async () => {});
    expect(log.slice(4)).toEqual(['open b', 'close a']);
    await programs.close();
    expect(programs.open).toEqual([]);
  });

  it('compute the same however often they were closed', async () => {
    const states = [];
    for (const idleProgramBytes of [0, 2 ** 40]) {
      const engine = await openRegression({ idleProgramBytes });
      for (let step = 1; step <= 6; step++) {
        const program = step % 2 === 0 ? 'regression' : 'dropped';
        await engine.step(request(step, { microBatches: [{ program, feeds: regressionBatch(16), weight: 1 }] }));
      }
      states.push(numbers(engine.exportState(true)));
    }
    expect(states[0]).toEqual(states[1]);
  });
});
