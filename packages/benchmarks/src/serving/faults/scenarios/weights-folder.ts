import { execFile } from 'node:child_process';
import { mkdir, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Outcomes } from '../../client/outcomes.js';
import type { ServedProgram } from '../../program/served-program.js';
import { type FaultServerOptions, faultsIn, loadOn, startFaultServer } from '../fault-server.js';
import { Findings, reportOf, type Scenario, type ScenarioContext } from '../scenario.js';

/** A disk of 64 kB that only the server sees: less than the weights take. */
const tinyDisk = (folder: string): readonly string[] => [
  'unshare',
  '--user',
  '--map-root-user',
  '--mount',
  'sh',
  '-c',
  'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"',
  folder,
];

interface Case {
  readonly name: string;
  readonly options: FaultServerOptions;
  /** Whether all workers can have the same weights. */
  readonly shared: boolean;
}

/** Folders that cannot hold the shared weights, and one that can, before and after its files are damaged. */
async function casesIn({ folder }: ScenarioContext, findings: Findings): Promise<readonly Case[]> {
  const at = (name: string) => join(folder, name);
  await writeFile(at('file'), 'not a folder');
  await mkdir(at('full'));
  const backend = (prepackedFolder: string) => ({ sharedWeights: 'always', prepackedFolder });
  const full = {
    name: 'full disk',
    shared: false,
    options: { backend: backend(at('full')), wrapper: tinyDisk(at('full')) },
  };
  const canMount = await promisify(execFile)(tinyDisk(at('full'))[0]!, [...tinyDisk(at('full')).slice(1), 'true']).then(
    () => true,
    (error: Error) => {
      findings.expect(
        false,
        `this system lets nobody mount a tiny disk, so a full one was not tried: ${error.message}`,
      );
      return false;
    },
  );
  return [
    { name: 'good folder', shared: true, options: { backend: backend(at('good')) } },
    { name: 'damaged copy', shared: true, options: { backend: backend(at('good')) } },
    { name: 'path below a file', shared: false, options: { backend: backend(join(at('file'), 'below')) } },
    ...(canMount ? [full] : []),
  ];
}

/** Cuts short every file of every copy, as a disk that was full may have. */
async function damageCopies(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true });
  const large = names.filter((name) => name.endsWith('.bin') || name.endsWith('.onnx'));
  for (const name of large) await truncate(join(folder, name), 100);
  return large.length;
}

const complained = ({ log }: ServedProgram) =>
  log.some((line) => JSON.stringify(line).includes('own copy of the weights'));

export const weightsFolder: Scenario = {
  name: 'weights-folder',
  description:
    'the folder of shared weights is full, not a folder, or holds damaged copies: the model is served all the same',
  async run(context) {
    const findings = new Findings();
    const all: Outcomes[] = [];
    const memory: number[] = [];
    for (const { name, options, shared } of await casesIn(context, findings)) {
      if (name === 'damaged copy') {
        const damaged = await damageCopies(join(context.folder, 'good'));
        findings.expect(damaged > 0, 'the good folder holds no copies to damage');
      }
      await using server = await startFaultServer(context, options);
      const load = loadOn(server, 8);
      await sleep(1000 + 4000 * context.scale);
      memory.push(server.rssMiB);
      const outcomes = await load.stop();
      all.push(outcomes);
      findings.expectNothingLost(outcomes);
      findings.expect(outcomes.answered > 0, `${name}: nothing was answered`);
      findings.expect(
        complained(server) !== shared,
        `${name}: the log ${shared ? 'complains' : 'does not say that weights are not shared'}`,
      );
      for (const fault of faultsIn(server.log)) findings.expect(false, `${name}: ${fault}`);
      findings.expect((await server.stop()) === 0, `${name}: the server did not end with status 0`);
    }
    const sum = (of: (outcomes: Outcomes) => number) => all.reduce((total, outcomes) => total + of(outcomes), 0);
    const counts = {
      sent: sum(({ sent }) => sent),
      answered: sum(({ answered }) => answered),
      refused: {},
      errors: {},
    };
    return reportOf(counts, { start: memory[0]!, end: memory.at(-1)! }, findings, `${all.length} servers`);
  },
};
