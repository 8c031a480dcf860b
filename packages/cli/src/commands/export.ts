import { relative } from 'node:path';
import { ValidationError } from '@zooid/common';
import { exportModel } from '@zooid/kernel';
import type { VariantReport } from '@zooid/spec';
import { ChecksFailedError, UsageError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, formatBytes, formatTable, note, print, printJson, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

export interface ExportOptions {
  readonly variants: readonly string[];
  /** Folder for a copy of the model. */
  readonly output?: string;
  readonly tolerance?: number;
}

/**
 * Writes optimised forms of a model's graph beside the plain one, and shows how they compare. A form that changes too
 * much is not written, which makes the command fail in the end; the others stay.
 */
export async function exportVariants(
  { terminal, options }: CommandContext,
  reference: string,
  { variants, output, tolerance }: ExportOptions,
): Promise<void> {
  await using host = await openHost(terminal, options);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const { signal } = interruption;
  const onProgress = terminal.err.isTTY ? progressLine(terminal) : undefined;
  const result = await exportModel(host.kernel, reference, {
    variants,
    signal,
    ...(output !== undefined && { output }),
    ...(tolerance !== undefined && { tolerance }),
    ...(onProgress !== undefined && { onProgress }),
  })
    .catch((error: unknown) => {
      throw asUsage(error);
    })
    .finally(() => onProgress?.clear());
  if (options.json) printJson(terminal, result);
  else printReport(terminal, result);
  const refused = result.variants.filter(({ accepted }) => !accepted);
  if (refused.length > 0) {
    const list = refused.map(({ variant, refusal }) => `${variant}: ${refusal}`).join('; ');
    throw new ChecksFailedError(`${refused.length} of ${variants.length} variants were not written (${list})`);
  }
}

/** What the kernel says of its options, said of those of the command. */
function asUsage(error: unknown): unknown {
  if (!(error instanceof ValidationError) || error.subject !== 'export') return error;
  return new UsageError(error.issues.map(({ path, message }) => `--${path.slice(1)} ${message}`).join('; '));
}

function progressLine(terminal: Terminal) {
  const { dim } = colorsOf(terminal, terminal.err);
  const show = ({ variant, step }: { readonly variant: string; readonly step: string }) =>
    terminal.err.write(`\r${dim(`${variant}  ${step} …`)}\x1b[K`);
  return Object.assign(show, { clear: () => void terminal.err.write('\r\x1b[K') });
}

function printReport(
  terminal: Terminal,
  { model, folder, goldenSamples, variants }: Awaited<ReturnType<typeof exportModel>>,
): void {
  const { bold, dim, red } = colorsOf(terminal, terminal.out);
  const samples = goldenSamples > 0 ? `${goldenSamples} golden inputs` : 'random inputs';
  print(terminal, `${bold(model)} in ${relative('.', folder) || '.'} ${dim(`compared on ${samples}`)}`);
  const [plain] = variants;
  const rows = variants.map((report) => [
    report.variant,
    report.file,
    formatBytes(report.sizeBytes),
    plain === undefined ? '' : `${Math.round((100 * report.sizeBytes) / plain.sizeBytes)} %`,
    ...differences(report, report === plain),
    report.accepted ? '' : red('refused'),
  ]);
  const header = ['variant', 'file', 'size', 'of plain', 'max |Δ|', 'relative', 'decisions', ''];
  print(terminal, formatTable([header, ...rows], bold));
  for (const { variant, keptFloat } of variants) {
    if (keptFloat.length > 0) print(terminal, dim(`${variant} keeps in float32: ${keptFloat.join(', ')}`));
  }
}

function differences(
  { maxDifference, relativeDifference, decisions, changedDecisions }: VariantReport,
  isPlain: boolean,
): string[] {
  if (isPlain) return ['', '', ''];
  const changed = decisions === 0 ? 'none' : `${changedDecisions} of ${decisions} changed`;
  return [formatDifference(maxDifference), formatDifference(relativeDifference), changed];
}

const formatDifference = (value: number): string => (value === 0 ? '0' : value.toExponential(1));
