import { type BenchedVariant, benchModel, type ModelBenchmark, type Timing } from '@zooid/kernel';
import { ChecksFailedError } from '../errors.js';
import { openHost } from '../host.js';
import { listenForInterrupt } from '../signals.js';
import { colorsOf, formatBytes, formatTable, note, print, printJson, type Terminal } from '../terminal.js';
import { comparisonOf, lossOf, optionIssues, progressLine, type ToleranceOptions, toleranceOf } from '../variants.js';
import type { CommandContext } from './context.js';

export interface BenchOptions extends ToleranceOptions {
  readonly variants?: readonly string[];
  readonly make?: boolean;
  readonly batch?: readonly number[];
  readonly length?: readonly number[];
  readonly data?: string;
  readonly examples?: number;
  readonly threads?: number;
  readonly seconds?: number;
}

/**
 * Measures forms of a model's graph: speed, memory, and what they lose against the plain graph without optimisation. Fails
 * in the end when one loses more than is tolerated.
 */
export async function bench(
  { terminal, options }: CommandContext,
  reference: string,
  { batch, length, difference, changed, tolerance, ...rest }: BenchOptions,
): Promise<void> {
  await using host = await openHost(terminal, options);
  using interruption = listenForInterrupt(() => note(terminal, 'stopping …'));
  const { signal } = interruption;
  const onProgress = progressLine(terminal);
  const result = await benchModel(host.kernel, reference, {
    ...rest,
    signal,
    onProgress,
    tolerance: toleranceOf({ difference, changed, tolerance }),
    ...(batch !== undefined && { batches: batch }),
    ...(length !== undefined && { lengths: length }),
  })
    .catch((error: unknown) => {
      throw optionIssues(error);
    })
    .finally(() => onProgress.clear());
  if (options.json) printJson(terminal, result);
  else printBenchmark(terminal, result);
  const refused = result.variants.filter(({ accepted }) => !accepted);
  if (refused.length > 0) {
    const list = refused.map(({ variant, refusal }) => `${variant}: ${refusal}`).join('; ');
    throw new ChecksFailedError(`${refused.length} of ${result.variants.length} variants lose too much (${list})`);
  }
}

function printBenchmark(terminal: Terminal, result: ModelBenchmark): void {
  const { bold, dim, red } = colorsOf(terminal, terminal.out);
  const { reference, variants, threads } = result;
  print(
    terminal,
    `${bold(result.model)} ${dim(`${comparisonOf(result)}, ${threads === 1 ? '1 thread' : `${threads} threads`}`)}`,
  );
  const plain = `${reference.variant}, not optimised`;
  const forms = [
    ['form', 'size', 'load', 'memory', 'max |Δp|', 'decisions', 'metric', ''],
    [plain, '', ...costOf(reference), '', '', '', 'reference'],
    ...variants.map((form) => [
      form.variant,
      formatBytes(form.sizeBytes),
      ...costOf(form),
      form.maxProbabilityDifference.toExponential(1),
      `${form.changedDecisions} of ${form.decisions} changed`,
      lossOf(form),
      form.accepted ? '' : red('refused'),
    ]),
  ];
  print(terminal, formatTable(forms, bold));
  print(terminal);
  const speeds = reference.timings.flatMap((timing, at) => [
    speedOf(plain, timing, timing),
    ...variants
      .filter(({ timings }) => timings.length > 0)
      .map((form) => speedOf(form.variant, form.timings[at]!, timing)),
  ]);
  print(
    terminal,
    formatTable(
      [['batch × length', 'form', 'p50', 'p95', 'spread', 'cpu', 'rows/s', 'speed', 'by cpu'], ...speeds],
      bold,
    ),
  );
}

function costOf({
  loadMilliseconds,
  residentBytes,
}: Pick<BenchedVariant, 'loadMilliseconds' | 'residentBytes'>): string[] {
  return [
    loadMilliseconds === undefined ? '' : formatMilliseconds(loadMilliseconds),
    residentBytes === undefined ? '' : formatBytes(residentBytes),
  ];
}

function speedOf(form: string, timing: Timing, reference: Timing): string[] {
  const { batch, length, p50, p95, spread, cpu, throughput } = timing;
  return [
    `${batch} × ${length}`,
    form,
    formatMilliseconds(p50),
    formatMilliseconds(p95),
    `${Math.round(100 * spread)} %`,
    formatMilliseconds(cpu),
    throughput >= 100 ? throughput.toFixed(0) : throughput.toPrecision(3),
    `${(reference.p50 / p50).toFixed(2)} ×`,
    `${(reference.cpu / cpu).toFixed(2)} ×`,
  ];
}

const formatMilliseconds = (value: number): string => `${value >= 100 ? value.toFixed(0) : value.toPrecision(3)} ms`;
