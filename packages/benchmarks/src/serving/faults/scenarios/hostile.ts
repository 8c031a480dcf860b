import { setTimeout as sleep } from 'node:timers/promises';
import {
  answers,
  eventually,
  faultRequests,
  faultsIn,
  loadOn,
  modelFolder,
  modelName,
  plugins,
  startFaultServer,
} from '../fault-server.js';
import { spareName } from '../hostile/hostile-request.js';
import { operationsOf } from '../hostile/operations.js';
import { sendHostile } from '../hostile/send-hostile.js';
import { Findings, reportOf, type Scenario, type ScenarioContext } from '../scenario.js';

/** Time in which an idle server gives back what it no longer needs, in milliseconds. */
const rest = ({ scale }: ScenarioContext) => sleep(scale >= 0.1 ? 15_000 : 500);

export const hostile: Scenario = {
  name: 'hostile',
  description:
    '10,000 malformed and hostile requests over every route, beside ordinary ones: no crash, no 5xx, no leak',
  async run(context) {
    const findings = new Findings();
    const folder = modelFolder(context);
    await using server = await startFaultServer(context, {
      server: { bodyLimitBytes: 262_144, manage: true },
      config: {
        plugins: [...plugins, 'app-feature-extraction', 'app-intent'],
        endpoints: {
          [modelName]: folder,
          vectors: { model: folder, app: 'feature-extraction' },
          speaker: 'intent-zh-speaker',
          [spareName]: folder,
        },
      },
    });
    const operations = (await operationsOf(server.url)).filter(
      ({ path }) => !path.endsWith('/unload') || path.includes('{') || path.includes(spareName),
    );
    const requests = Math.max(300, Math.round(10_000 * context.scale));
    const attack = async (count: number, seed: number) => {
      const load = loadOn(server, 2, faultRequests());
      const seen = await sendHostile(server.url, operations, { requests: count, together: 32, seed });
      return { seen, ordinary: await load.stop() };
    };
    // The first round brings the heap to the size that such requests need.
    const { seen: first } = await attack(requests / 2, 1);
    await rest(context);
    const start = server.rssMiB;
    const { seen, ordinary } = await attack(requests, 2);
    await rest(context);
    // Memory is collected late, but what leaked never is: a few more requests give it occasion.
    await eventually(
      async () => (await answers(server)) && server.rssMiB <= 1.1 * start,
      context.scale >= 0.1 ? 60_000 : 0,
    );
    const end = server.rssMiB;
    for (const fault of [...first.faults, ...seen.faults]) findings.expect(false, fault);
    findings.expectNothingLost(ordinary);
    findings.expectMemory(context, { start, end }, 1.1);
    findings.expect(
      Object.keys(seen.statuses).length >= 8,
      `only these statuses were seen: ${Object.keys(seen.statuses)}`,
    );
    findings.expect(await answers(server), 'the server did not answer afterwards');
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    for (const line of server.log.filter(({ level }) => level === 'error')) {
      findings.expect(false, `the log has an error: ${JSON.stringify(line).slice(0, 400)}`);
    }
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    const { 200: good = 0, 201: made = 0, 204: empty = 0, ...refused } = seen.statuses;
    const note = `${operations.length} operations; ${ordinary.answered} ordinary requests answered beside them`;
    return reportOf(
      { sent: seen.sent, answered: good + made + empty, refused, errors: ordinary.errors },
      { start, end },
      findings,
      note,
    );
  },
};
