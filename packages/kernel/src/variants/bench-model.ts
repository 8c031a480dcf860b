import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { Model, ModelArtifacts, RunContext, VariantReport } from '@zooid/spec';
import type { Kernel } from '../kernel.js';
import { copyModel } from '../models/copy-model.js';
import { benchInputs } from './bench-inputs.js';
import { type Exporter, ensureSource, findExporter } from './exporter.js';
import { type ComparisonBasis, type ComparisonOptions, prepareComparison } from './prepare-comparison.js';
import { type Timing, timeModels } from './time-models.js';

export interface BenchOptions extends ComparisonOptions {
  /** Default: those that the folder has. */
  readonly variants?: readonly string[];
  /** Make those that the folder lacks, in a temporary copy of it. Default: false. */
  readonly make?: boolean;
  /** Rows of a pass. Default: 1 and 8. */
  readonly batches?: readonly number[];
  /** Tokens of a row. Default: 16, 32 and 128, as far as the model takes them. */
  readonly lengths?: readonly number[];
  /** Within one pass. Default: 1. */
  readonly threads?: number;
  /** About how long each form is measured at each size. Default: 1. */
  readonly seconds?: number;
}

/** A form as it was measured. */
export interface BenchedVariant extends VariantReport {
  /** Until the first pass can begin. Absent where the form was refused before it could be loaded. */
  readonly loadMilliseconds?: number;
  /** By how much the process grew, loading and running the largest pass included. Indicative: what earlier forms freed is used again. */
  readonly residentBytes?: number;
  readonly timings: readonly Timing[];
}

/** What a benchmark has found. Also what `zooid bench --json` prints. */
export interface ModelBenchmark extends ComparisonBasis {
  readonly model: string;
  readonly revision: string;
  readonly threads: number;
  /** The source without any optimisation, which the others are measured against. */
  readonly reference: Pick<BenchedVariant, 'variant' | 'loadMilliseconds' | 'residentBytes' | 'timings'>;
  readonly variants: readonly BenchedVariant[];
}

const defaultBatches = [1, 8];
const defaultLengths = [16, 32, 128];

/**
 * Measures forms of a model: what they lose against the source graph run without any optimisation, and what they gain. It
 * measures those too that lose more than is tolerated; their `accepted` is false.
 *
 * @throws ValidationError for a form that the folder lacks, sizes that the model does not take, and data that cannot be
 * used; ModelNotFoundError, ModelError; UnknownNameError for a variant that there is not.
 */
export async function benchModel(
  kernel: Kernel,
  reference: string,
  options: BenchOptions = {},
): Promise<ModelBenchmark> {
  const { signal, make = false, threads = 1 } = options;
  const context: RunContext = signal === undefined ? {} : { signal };
  const found = await kernel.models.resolve(reference, context);
  const exporter = findExporter(kernel.backends, found.id, options.variants ?? []);
  const sizes = passSizes(found, options);
  await using place = make
    ? await temporaryCopy(found, context)
    : { artifacts: found, async [Symbol.asyncDispose]() {} };
  const { artifacts } = place;
  const variants = chooseVariants(exporter, artifacts, options);
  const source = make
    ? await ensureSource(kernel.backends, exporter, artifacts, context)
    : exporter.findVariants(artifacts).source!;
  const { request, basis } = await prepareComparison(kernel, exporter, artifacts, source, options);

  const { present } = exporter.findVariants(artifacts);
  const missing = variants.filter((variant) => !present.includes(variant));
  const made = missing.length === 0 ? [] : await exporter.exportVariants(artifacts, { ...request, variants: missing });
  const loadable = variants.filter((name) => exporter.findVariants(artifacts).present.includes(name));
  const [plain, ...measured] = await measure(
    exporter,
    artifacts,
    { source, variants: loadable, sizes, threads },
    options,
  );
  const compared = await exporter.compareVariants(artifacts, {
    ...request,
    variants: variants.filter((variant) => present.includes(variant)),
  });
  const reports = new Map([...made, ...compared].map((report) => [report.variant, report]));
  return {
    model: found.id,
    revision: found.revision,
    threads,
    ...basis,
    reference: { ...plain!, variant: source },
    variants: variants.map((variant) => ({
      timings: [],
      ...reports.get(variant)!,
      ...measured.find((candidate) => candidate.variant === variant),
    })),
  };
}

interface PassSize {
  readonly batch: number;
  readonly length: number;
}

function passSizes({ config }: ModelArtifacts, { batches = defaultBatches, lengths }: BenchOptions): PassSize[] {
  const { max_position_embeddings: longest = Number.POSITIVE_INFINITY } = config;
  const limit = typeof longest === 'number' ? longest : Number.POSITIVE_INFINITY;
  const tooLong = lengths?.find((length) => length > limit);
  if (tooLong !== undefined) {
    throw refuse('/length', `${tooLong} is more than the ${limit} tokens that the model takes`);
  }
  const fitting = [...new Set(defaultLengths.map((length) => Math.min(length, limit)))];
  return batches.flatMap((batch) => (lengths ?? fitting).map((length) => ({ batch, length })));
}

function chooseVariants(exporter: Exporter, artifacts: ModelArtifacts, { variants, make }: BenchOptions): string[] {
  const { present, source } = exporter.findVariants(artifacts);
  const chosen = [...new Set(variants ?? present)];
  if (make === true) return chosen.length > 0 ? chosen : [exporter.variants[0]];
  if (source === undefined) {
    throw refuse('/make', `is needed: ${artifacts.folder} has no graph that others could be compared with`);
  }
  const absent = chosen.filter((name) => !present.includes(name));
  if (absent.length > 0) {
    throw refuse('/make', `is needed: ${artifacts.folder} has no ${absent.join(', ')} (it has ${present.join(', ')})`);
  }
  return chosen;
}

const refuse = (path: string, message: string): ValidationError => new ValidationError('bench', [{ path, message }]);

async function temporaryCopy(artifacts: ModelArtifacts, context: RunContext) {
  const folder = await mkdtemp(join(tmpdir(), 'zooid-bench-'));
  const dispose = () => rm(folder, { recursive: true, force: true });
  try {
    return { artifacts: await copyModel(artifacts, folder, context), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

interface Measurement {
  readonly source: string;
  readonly variants: readonly string[];
  readonly sizes: readonly PassSize[];
  readonly threads: number;
}

type Measured = Pick<BenchedVariant, 'variant' | 'loadMilliseconds' | 'residentBytes' | 'timings'>;

/** Loads all forms, the source without optimisation first, and times them in turns. */
async function measure(
  exporter: Exporter,
  artifacts: ModelArtifacts,
  { source, variants, sizes, threads }: Measurement,
  { signal, onProgress, seconds = 1 }: BenchOptions,
): Promise<Measured[]> {
  const context = signal === undefined ? {} : { signal };
  const largest = sizes.reduce((a, b) => (b.batch * b.length > a.batch * a.length ? b : a));
  // Whatever the engine needs once is not the first form's.
  await exporter.check?.();
  const forms = [{ variant: source, optimize: false }, ...variants.map((variant) => ({ variant, optimize: true }))];
  const loaded: (Omit<Measured, 'timings'> & { readonly model: Model })[] = [];
  try {
    for (const { variant, optimize } of forms) {
      onProgress?.({ variant, step: 'load' });
      const before = process.memoryUsage.rss();
      const start = performance.now();
      const model = await exporter.load(artifacts, { ...context, variant, optimize, workers: 1, threads });
      const loadMilliseconds = performance.now() - start;
      loaded.push({ variant, model, loadMilliseconds });
      await model.forward(benchInputs(model, largest.batch, largest.length), context);
      loaded.push({ ...loaded.pop()!, residentBytes: Math.max(0, process.memoryUsage.rss() - before) });
    }
    const timings: Timing[][] = loaded.map(() => []);
    for (const size of sizes) {
      onProgress?.({ variant: `${size.batch} × ${size.length}`, step: 'measure' });
      const models = loaded.map(({ model }) => model);
      const found = await timeModels(models, { ...size, ...context, seconds });
      for (const [at, timing] of found.entries()) timings[at]!.push(timing);
    }
    return loaded.map(({ model: _, ...rest }, at) => ({ ...rest, timings: timings[at]! }));
  } finally {
    await Promise.all(loaded.map(({ model }) => model[Symbol.asyncDispose]()));
  }
}
