import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFaultModel } from '../fault-model.js';
import { answers, eventually, faultRequests, faultsIn, loadOn, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

const names = ['one', 'two', 'three', 'four'];
/** Room for two of the four: each is taken to need 40 to 60 MB, most of it for its two workers. */
const memoryBudget = 120_000_000;

interface IndexEntry {
  readonly name: string;
  readonly state: string;
}

export const memoryBudgets: Scenario = {
  name: 'memory-budget',
  description:
    'four lazy models in the memory of two, under load: each answers, 503 with Retry-After where there is no room',
  async run(context) {
    const findings = new Findings();
    for (const [i, name] of names.entries()) await writeFaultModel(join(context.folder, name), i + 1);
    await using server = await startFaultServer(context, {
      server: { manage: true },
      config: {
        memoryBudget,
        endpoints: Object.fromEntries(names.map((name) => [name, { model: join(context.folder, name), lazy: true }])),
      },
    });
    const inMemory = async () => {
      const reply = await fetch(`${server.url}/v2/repository/index`, { method: 'POST' });
      return ((await reply.json()) as IndexEntry[]).filter(({ state }) => state === 'READY').length;
    };
    findings.expect((await inMemory()) === 0, 'a lazy model was loaded before its first request');
    const requests = names.flatMap((name) => faultRequests(name, 10));
    // In turn: each model rests while the next ones are asked, so that it can make room.
    const calm = loadOn(server, 1, requests);
    await sleep(2000 + 8000 * context.scale);
    const start = server.rssMiB;
    const inTurn = await calm.stop();
    findings.expectNothingLost(inTurn);
    const rush = loadOn(server, 12, requests);
    let most = 0;
    for (const until = performance.now() + 2000 + 18_000 * context.scale; performance.now() < until; ) {
      most = Math.max(most, await inMemory());
      await sleep(200);
    }
    const outcomes = await rush.stop();
    findings.expectNothingLost(outcomes, [503]);
    findings.expect(most <= 2, `${most} models were in memory at once`);
    findings.expect(outcomes.answered > 0, 'nothing was answered');
    const models = Object.keys(inTurn.models).length;
    findings.expect(models === names.length, `only ${models} of ${names.length} models answered`);
    for (const name of names) {
      findings.expect(await eventually(() => answers(server, name), 20_000), `'${name}' does not answer afterwards`);
    }
    const end = server.rssMiB;
    findings.expectMemory(context, { start, end }, 1.35);
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    const both = { sent: inTurn.sent + outcomes.sent, answered: inTurn.answered + outcomes.answered };
    return reportOf({ ...outcomes, ...both }, { start, end }, findings, `at most ${most} of ${names.length} in memory`);
  },
};
