import { setTimeout as sleep } from 'node:timers/promises';
import { startLoad } from '../../client/start-load.js';
import { faultRequests, faultsIn, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

export const terminate: Scenario = {
  name: 'sigterm',
  description:
    'SIGTERM under load: every request that the server took is answered as its log says, and it exits with 0',
  async run(context) {
    const findings = new Findings();
    await using server = await startFaultServer(context, { server: { log: { access: true } } });
    const load = startLoad({ url: server.url, requests: faultRequests(), connections: 32, ids: true, pauseMs: 200 });
    await sleep(1000 + 4000 * context.scale);
    const start = server.rssMiB;
    const before = await load.outcomes();
    const status = await server.stop();
    const outcomes = await load.stop();
    findings.expect(status === 0, `the server ended with ${status}`);
    for (const [code, count] of Object.entries(before.errors)) {
      findings.expect(false, `${count} requests failed with ${code} before SIGTERM`);
    }
    const taken = server.log.filter(({ message, requestId }) => message === 'request' && requestId !== undefined);
    const unanswered = taken.filter(({ requestId, status }) => outcomes.byId!.get(requestId as string) !== status);
    findings.expect(taken.length > 0, 'the log shows no request');
    findings.expect(
      unanswered.length === 0,
      `${unanswered.length} requests that the server took were not answered: ${JSON.stringify(unanswered[0])}`,
    );
    // Answered, but not in the log: the log ended too early.
    const logged = new Set(taken.map(({ requestId }) => requestId));
    const unlogged = [...outcomes.byId!].filter(([id, status]) => status !== 0 && !logged.has(id));
    findings.expect(unlogged.length === 0, `${unlogged.length} answers are not in the log`);
    for (const answer of Object.keys(outcomes.refused))
      findings.expect(answer === '503', `some were refused with ${answer}`);
    findings.expect(outcomes.withoutRetryAfter === 0, `${outcomes.withoutRetryAfter} refusals had no Retry-After`);
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    // Whoever came too late was turned away by the system, or had its idle connection closed: no request was taken.
    const late = outcomes.sent - taken.length;
    const note = `${taken.length} taken and answered, ${late} found the port closed`;
    return reportOf({ ...outcomes, errors: {} }, { start, end: 0 }, findings, note);
  },
};
