import { relative } from 'node:path';
import { exportModel, type ModelExport } from '@zooid/kernel';
import type { VariantReport } from '@zooid/spec';
import { ChecksFailedError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, formatBytes, formatTable, note, print, printJson, type Terminal } from '../terminal.js';
import { comparisonOf, lossOf, optionIssues, progressLine, type ToleranceOptions, toleranceOf } from '../variants.js';
import type { CommandContext } from './context.js';

export interface ExportOptions extends ToleranceOptions {
  readonly variants: readonly string[];
  /** Folder for a copy of the model. */
  readonly output?: string;
  /** A file, or `dataset:split` of the registry. */
  readonly data?: string;
  readonly examples?: number;
}

/**
 * Writes optimised forms of a model's graph beside the plain one, and shows how they compare. A form that changes too
 * much is not written, which makes the command fail in the end; the others stay.
 */
export async function exportVariants(
  { terminal, options }: CommandContext,
  reference: string,
  { difference, changed, tolerance, ...rest }: ExportOptions,
): Promise<void> {
  await using host = await openHost(terminal, options);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const { signal } = interruption;
  const onProgress = progressLine(terminal);
  const result = await exportModel(host.kernel, reference, {
    ...rest,
    signal,
    onProgress,
    tolerance: toleranceOf({ difference, changed, tolerance }),
  })
    .catch((error: unknown) => {
      throw optionIssues(error);
    })
    .finally(() => onProgress.clear());
  if (options.json) printJson(terminal, result);
  else printReport(terminal, result);
  const refused = result.variants.filter(({ accepted }) => !accepted);
  if (refused.length > 0) {
    const list = refused.map(({ variant, refusal }) => `${variant}: ${refusal}`).join('; ');
    throw new ChecksFailedError(`${refused.length} of ${rest.variants.length} variants were not written (${list})`);
  }
}

function printReport(terminal: Terminal, result: ModelExport): void {
  const { model, folder, variants } = result;
  const { bold, dim, red } = colorsOf(terminal, terminal.out);
  print(terminal, `${bold(model)} in ${relative('.', folder) || '.'} ${dim(comparisonOf(result))}`);
  const [plain] = variants;
  const rows = variants.map((report) => [
    report.variant,
    report.file,
    formatBytes(report.sizeBytes),
    plain === undefined ? '' : `${Math.round((100 * report.sizeBytes) / plain.sizeBytes)} %`,
    ...differences(report, report === plain),
    report.accepted ? '' : red('refused'),
  ]);
  const header = ['variant', 'file', 'size', 'of source', 'max |Δ|', 'max |Δp|', 'decisions', 'metric', ''];
  print(terminal, formatTable([header, ...rows], bold));
  for (const { variant, keptFloat } of variants) {
    if (keptFloat.length > 0) print(terminal, dim(`${variant} keeps in float32: ${keptFloat.join(', ')}`));
  }
}

function differences(report: VariantReport, isPlain: boolean): string[] {
  if (isPlain) return ['', '', '', ''];
  const { maxDifference, maxProbabilityDifference, decisions, changedDecisions } = report;
  const changed = decisions === 0 ? 'none' : `${changedDecisions} of ${decisions} changed`;
  return [formatDifference(maxDifference), formatDifference(maxProbabilityDifference), changed, lossOf(report)];
}

const formatDifference = (value: number): string => (value === 0 ? '0' : value.toExponential(1));
