import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../../program/process-tree.js';
import { answers, eventually, faultsIn, loadOn, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

/** Children are killed with SIGKILL one after another, as the system does when memory runs out. */
export const killWorker: Scenario = {
  name: 'kill-worker',
  description: 'child processes of a model are killed under load: nothing is lost, and others take their places',
  async run(context) {
    const findings = new Findings();
    await using server = await startFaultServer(context, { backend: { isolation: 'process' } });
    const workers = server.children.length;
    findings.expect(workers >= 2, `the server has ${workers} children, not one for each worker`);
    const load = loadOn(server);
    await sleep(1000 + 2000 * context.scale);
    const start = server.rssMiB;
    const kills = Math.max(3, Math.round(10 * context.scale));
    for (let i = 0; i < kills; i++) {
      const victim = server.children[i % 2];
      if (victim === undefined) {
        findings.expect(false, `no child was left to kill after ${i} kills`);
        break;
      }
      process.kill(victim, 'SIGKILL');
      const back = await eventually(() => !isAlive(victim) && server.children.length >= workers);
      findings.expect(back, `kill ${i + 1}: the worker was not replaced within 30 s`);
      await sleep(300);
    }
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes);
    findings.expect(await answers(server), 'the server did not answer after the last kill');
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    const end = server.rssMiB;
    findings.expectMemory(context, { start, end }, 1.25);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    return reportOf(outcomes, { start, end }, findings, `${kills} kills`);
  },
};
