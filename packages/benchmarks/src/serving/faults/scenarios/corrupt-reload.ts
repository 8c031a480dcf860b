import { open, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFaultModel } from '../fault-model.js';
import { eventually, faultsIn, loadOn, modelFolder, startFaultServer } from '../fault-server.js';
import { reloadModel, revisionOf } from '../reloads.js';
import { Findings, reportOf, type Scenario } from '../scenario.js';

const graph = 'onnx/model.onnx';

/** Changes one byte in the middle and leaves the size as it is. */
async function flip(path: string): Promise<void> {
  const at = (await readFile(path)).length >> 1;
  const file = await open(path, 'r+');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(Buffer.from([buffer[0]! ^ 0xff]), 0, 1, at);
  } finally {
    await file.close();
  }
}

/** What becomes of a folder when a copy is cut short, a disk fails, or somebody edits by hand. */
const damages: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  'one bit of the graph': (folder) => flip(join(folder, graph)),
  'the graph cut short': (folder) => truncate(join(folder, graph), 1000),
  'the graph gone': (folder) => rm(join(folder, graph)),
  'a graph of noise, vouched for': (folder) => writeFaultModel(folder, 99, Buffer.alloc(5000, 0x5a)),
  'an empty graph, vouched for': (folder) => writeFaultModel(folder, 99, Buffer.alloc(0)),
  'one bit of the tokenizer': (folder) => flip(join(folder, 'tokenizer.json')),
  'no JSON in the manifest': (folder) => writeFile(join(folder, 'zooid.json'), '{"formatVersion": 1,'),
  'no JSON in the config': (folder) => writeFile(join(folder, 'config.json'), '\u0000'),
  'the folder gone': (folder) => rm(folder, { recursive: true }),
};

export const corruptReload: Scenario = {
  name: 'corrupt-reload',
  description:
    'a model is damaged in nine ways and reloaded under load: the old version serves on, and the fault is told',
  async run(context) {
    const findings = new Findings();
    const folder = modelFolder(context);
    await using server = await startFaultServer(context, { server: { manage: true } });
    const load = loadOn(server, 8);
    await sleep(1000);
    // From the first reload on, which has two versions in memory for a moment.
    let start = 0;
    let seed = 1;
    let revision = await revisionOf(server);
    const rounds = Math.max(1, Math.round(3 * context.scale));
    for (let round = 0; round < rounds; round++) {
      for (const [what, damage] of Object.entries(damages)) {
        await damage(folder);
        const told = server.log.length;
        server.signal('SIGHUP');
        const logged = await eventually(
          () => server.log.slice(told).some(({ level }) => level === 'error' || level === 'warn'),
          10_000,
        );
        findings.expect(logged, `${what}: the log said nothing of the reload that failed`);
        const attempt = await reloadModel(server);
        findings.expect(
          attempt.status >= 400 && attempt.error.length > 20,
          `${what}: the reload was answered with ${attempt.status} '${attempt.error}'`,
        );
        const now = await revisionOf(server);
        findings.expect(now === revision, `${what}: ${now} answers instead of ${revision}`);
        await writeFaultModel(folder, ++seed);
        const repaired = await reloadModel(server);
        const next = await revisionOf(server);
        findings.expect(
          repaired.status === 200 && next !== revision,
          `${what}: the repaired model was not loaded: ${repaired.status} ${repaired.error}`,
        );
        revision = next;
        if (start === 0) start = server.rssMiB;
      }
    }
    const outcomes = await load.stop();
    findings.expectNothingLost(outcomes);
    for (const fault of faultsIn(server.log)) findings.expect(false, fault);
    const end = server.rssMiB;
    findings.expectMemory(context, { start, end }, 1.3);
    findings.expect((await server.stop()) === 0, 'the server did not end with status 0');
    const kinds = Object.keys(damages).length;
    return reportOf(outcomes, { start, end }, findings, `${rounds * kinds} damages of ${kinds} kinds, each repaired`);
  },
};
