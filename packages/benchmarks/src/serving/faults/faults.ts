import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UnknownNameError } from '@zooid/spec';
import type { Benchmark } from '../../benchmark.js';
import { rounded } from '../../statistics.js';
import type { Scenario, ScenarioReport } from './scenario.js';
import { corruptReload } from './scenarios/corrupt-reload.js';
import { fullQueue } from './scenarios/full-queue.js';
import { hostile } from './scenarios/hostile.js';
import { killWorker } from './scenarios/kill-worker.js';
import { memoryBudgets } from './scenarios/memory-budget.js';
import { reload } from './scenarios/reload.js';
import { slowClients } from './scenarios/slow-clients.js';
import { terminate } from './scenarios/terminate.js';
import { vanishingReaders } from './scenarios/vanishing-readers.js';
import { weightsFolder } from './scenarios/weights-folder.js';

export const scenarios: readonly Scenario[] = [
  killWorker,
  corruptReload,
  reload,
  memoryBudgets,
  weightsFolder,
  fullQueue,
  slowClients,
  hostile,
  vanishingReaders,
  terminate,
];

/** Every scenario starts `zooid serve` anew and looks at it from outside: over HTTP, by its log, and in /proc. */
export const faults: Benchmark = {
  name: 'faults',
  description: 'scenarios of faults under load that a server did not come through as it should, as a share of all',
  target: 0,
  async run({ log, only, scale = 1 }) {
    const chosen = choose(only);
    const reports = new Map<string, ScenarioReport>();
    for (const scenario of chosen) {
      log(`${scenario.name}: ${scenario.description}`);
      const report = await attempt(scenario, scale, log);
      reports.set(scenario.name, report);
      log(
        `${scenario.name}: ${report.findings.length === 0 ? 'passed' : `FAILED: ${report.findings.join('; ')}`} (${report.note})`,
      );
    }
    const failed = [...reports.values()].filter(({ findings }) => findings.length > 0).length;
    return {
      ratio: rounded(failed / chosen.length),
      ok: failed === 0,
      details: {
        scale,
        table: [...reports].map(([name, report]) => row(name, report)),
        scenarios: Object.fromEntries(reports),
      },
    };
  },
};

/** @throws UnknownNameError */
function choose(only: readonly string[] | undefined): readonly Scenario[] {
  if (only === undefined) return scenarios;
  const names = scenarios.map(({ name }) => name);
  return only.map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name);
    if (found === undefined) throw new UnknownNameError('scenario', name, names);
    return found;
  });
}

/** A scenario that cannot be finished, because the server crashed say, has failed; the others still run. */
async function attempt(scenario: Scenario, scale: number, log: (line: string) => void): Promise<ScenarioReport> {
  const folder = await mkdtemp(join(tmpdir(), 'zooid-faults-'));
  try {
    return await scenario.run({ folder, scale, log });
  } catch (error) {
    return {
      sent: 0,
      answered: 0,
      refused: {},
      errors: {},
      memoryMiB: { start: 0, end: 0 },
      findings: [`it could not be finished: ${error instanceof Error ? error.message : String(error)}`],
      note: 'stopped',
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function row(scenario: string, { sent, answered, refused, errors, memoryMiB, findings, note }: ScenarioReport) {
  const counts = (of: Readonly<Record<string, number>>) =>
    Object.entries(of)
      .map(([what, count]) => `${what} × ${count}`)
      .join(', ') || '–';
  return {
    scenario,
    sent,
    answered,
    refused: counts(refused),
    errors: counts(errors),
    'MiB start → end': `${memoryMiB.start} → ${memoryMiB.end}`,
    passed: findings.length === 0 ? 'yes' : 'NO',
    note,
  };
}
