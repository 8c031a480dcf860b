import { setTimeout as sleep } from 'node:timers/promises';
import { writeFaultModel } from '../fault-model.js';
import { eventually, faultsIn, loadOn, modelFolder, startFaultServer } from '../fault-server.js';
import { reloadModel, revisionOf } from '../reloads.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

export const reload: Scenario = {
  name: 'reload',
  description: 'a new version of the model every ten seconds under load: nothing is lost, and every version answers',
  async run(context) {
    const findings = new Findings();
    const folder = modelFolder(context);
    await using server = await startFaultServer(context, { server: { manage: true } });
    const load = loadOn(server);
    await sleep(1000);
    // Old and new are in memory together for a moment, so the first reload shows how much that takes.
    const reloads = 8;
    let revision = await revisionOf(server);
    let start = 0;
    for (let i = 1; i <= reloads; i++) {
      await writeFaultModel(folder, 1 + i);
      if (i % 2 === 0) server.signal('SIGHUP');
      else {
        const { status, error } = await reloadModel(server);
        findings.expect(status === 200, `reload ${i} was answered with ${status} ${error}`);
      }
      const before = revision;
      const changed = await eventually(async () => {
        revision = await revisionOf(server);
        return revision !== before;
      }, 20_000);
      findings.expect(changed, `reload ${i} did not take effect within 20 s`);
      await sleep(Math.max(500, 10_000 * context.scale));
      if (i === 2) start = server.rssMiB;
    }
    const end = server.rssMiB;
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes);
    const versions = Object.keys(outcomes.models).length;
    findings.expect(versions === reloads + 1, `${versions} versions answered, not ${reloads + 1}`);
    findings.expectMemory(context, { start, end }, 1.3);
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    return reportOf(outcomes, { start, end }, findings, `${reloads} reloads, half by SIGHUP, half over HTTP`);
  },
};
