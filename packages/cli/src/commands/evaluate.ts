import { atOrigin, findNamedData, type Kernel } from '@zooid/kernel';
import { UsageError } from '../errors.js';
import { ReportFolder } from '../evaluation-report/report-folder.js';
import { writeReport } from '../evaluation-report/write-report.js';
import { openHost } from '../host.js';
import { openModel } from '../model.js';
import { formatMetric } from '../progress-bar.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, formatTable, note, print, printJson } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface EvaluateOptions {
  /** A file, or `dataset:split` of the registry. */
  readonly data: string;
  /** Folder for a report: a page with the worst examples, the same as JSON, and every answer. */
  readonly report?: string;
}

/** Scores a model on labelled data. Unlike `predict` it stops at the first bad line: a score must not leave any out. */
export async function evaluate(
  { terminal, options }: CommandContext,
  model: string,
  { data, report }: EvaluateOptions,
): Promise<void> {
  await using host = await openHost(terminal, options);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const { signal } = interruption;
  const endpoint = await openModel(host.kernel, model, signal);
  if (!endpoint.canEvaluate) {
    throw new UsageError(`app '${endpoint.app.name}' cannot score its answers, so its models cannot be evaluated`);
  }
  const folder = report === undefined ? undefined : await ReportFolder.open(report); // before minutes of work
  const { records, origins, digest } = await readExamples(host.kernel, data, signal);
  const evaluation = await endpoint.evaluate(records, { signal }).catch((error: unknown) => {
    throw atOrigin(error, origins);
  });
  const { metrics } = evaluation;
  const { id, revision } = endpoint.model;
  if (folder !== undefined) {
    const about = { model: id, revision, app: endpoint.app.name, data, dataSha256: digest, date: new Date() };
    await writeReport(folder, { ...about, evaluation, records, origins });
  }
  if (options.json) {
    const result = { model: id, revision, data, examples: records.length, metrics };
    return printJson(terminal, folder === undefined ? result : { ...result, report: folder.page });
  }
  const { bold, dim } = colorsOf(terminal, terminal.out);
  print(terminal, `${bold(id)} on ${data} ${dim(`${records.length} examples`)}`);
  const rows = Object.entries(metrics).map(([name, value]) => [name, formatMetric(value)]);
  print(terminal, formatTable([['metric', 'value'], ...rows], bold));
  if (folder !== undefined) print(terminal, `report: ${folder.page}`);
}

async function readExamples(kernel: Kernel, data: string, signal: AbortSignal) {
  const split = await kernel.data.split('evaluation', [await findData(kernel, data, signal)], { signal });
  const records: unknown[] = [];
  const origins: string[] = [];
  for await (const { record, origin } of split.records(signal)) {
    records.push(record);
    origins.push(origin);
  }
  if (records.length === 0) throw new UsageError(`${data} holds no examples`);
  return { records, origins, digest: split.digest };
}

async function findData(kernel: Kernel, data: string, signal: AbortSignal): Promise<string> {
  const path = await findNamedData(data, kernel.datasets, signal);
  if (path !== undefined) return path;
  throw new UsageError(`--data ${data}: there is no such file (a registered data set is named like cais:test)`);
}
