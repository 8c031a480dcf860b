import { setTimeout as sleep } from 'node:timers/promises';
import { answers, faultsIn, loadOn, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

export const fullQueue: Scenario = {
  name: 'full-queue',
  description: 'sixteen times as many callers as the queue holds: answers and 429 with Retry-After, nothing else',
  async run(context) {
    const findings = new Findings();
    await using server = await startFaultServer(context, { server: { maxConcurrent: 1, maxQueued: 3 } });
    const start = server.rssMiB;
    const load = loadOn(server, 64);
    await sleep(1000 + 9000 * context.scale);
    findings.expect((await server.metric('zooid_requests_queued')) <= 3, 'more requests waited than may');
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes, [429]);
    findings.expect(outcomes.answered > 0, 'nothing was answered');
    findings.expect((outcomes.refused[429] ?? 0) > 0, 'nothing was refused, so the queue was not full');
    findings.expect(await answers(server), 'the server did not answer after the rush');
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    return reportOf(outcomes, { start, end: server.rssMiB }, findings, 'maxConcurrent 1, maxQueued 3, 64 callers');
  },
};
