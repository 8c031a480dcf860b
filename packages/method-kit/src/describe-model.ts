import { createRequire } from 'node:module';
import { basename } from 'node:path';
import { type CardSection, type ManifestFields, type MetricEntry, modelCard } from '@zooid/hub';
import type { DataSplit, Metrics, TrainingJob } from '@zooid/spec';
import { describeMachine, type TrainResult } from '@zooid/trainer';

const require = createRequire(import.meta.url);

/** What the manifest of a method's result says before anything has been measured. */
export function manifestOf(job: TrainingJob, method: string): ManifestFields {
  const { train, validation, test } = job.data;
  const splits = [train, validation, test].filter((split): split is DataSplit => split !== undefined);
  const { description } = job.recipe;
  const { license, languages = [] } = cardSection(job);
  return {
    id: basename(job.output),
    app: job.app.name,
    method,
    recipe: job.recipe,
    data: splits.map(({ name, files, digest }) => ({
      name,
      files: files.map((file) => basename(file)),
      sha256: digest,
    })),
    seeds: [job.seed],
    metrics: {},
    createdWith: { zooid: versionOf('../package.json'), node: process.version },
    ...(typeof description === 'string' ? { description } : {}),
    ...(license === undefined ? {} : { license }),
    ...(languages.length === 0 ? {} : { languages }),
  };
}

/** The recipe's `card`, which the kernel has validated. */
function cardSection(job: TrainingJob): { license?: string; languages?: readonly string[]; en?: string; zh?: string } {
  return (job.recipe.card as ReturnType<typeof cardSection> | undefined) ?? {};
}

/**
 * The card: what was trained on what, how well it does, how to run it.
 * @param example A text that the app takes, for the command under Use.
 */
export function cardOf(job: TrainingJob, manifest: ManifestFields, trained: TrainResult, example = 'text'): string {
  const { id, data, metrics, description } = manifest;
  const { license, languages = [], en, zh } = cardSection(job);
  const sections: CardSection[] = [
    { heading: 'Model', body: `${description ?? job.app.description}\n\n${trainingNote(job, manifest, trained)}` },
    ...(zh === undefined ? [] : [{ heading: '说明', body: zh }]),
    ...(en === undefined ? [] : [{ heading: 'About', body: en }]),
    { heading: 'Results', body: metricsTable(metrics) },
    ...(trained.curve.length === 0 ? [] : [{ heading: 'Curve', body: curveTable(trained.curve) }]),
    {
      heading: 'Data',
      body: data
        .map(({ name, files, sha256 }) => `- ${name}: ${files.join(', ')} (sha256 \`${sha256.slice(0, 12)}…\`)`)
        .join('\n'),
    },
    { heading: 'Use', body: `\`\`\`sh\nzooid run ./${id} "${example}"\nzooid serve --model ${id}=./${id}\n\`\`\`` },
    { heading: 'Recipe', body: `\`\`\`json\n${JSON.stringify(job.recipe, null, 2)}\n\`\`\`` },
  ];
  const names = [...new Set(Object.values(metrics).flatMap(Object.keys))];
  return modelCard({
    title: id,
    pipelineTag: job.app.task,
    tags: [job.app.name],
    sections,
    ...(license === undefined ? {} : { license }),
    ...(languages.length === 0 ? {} : { languages }),
    ...(names.length === 0 ? {} : { metrics: names }),
    ...(job.base === undefined ? {} : { baseModel: job.base.id }),
  });
}

function trainingNote(job: TrainingJob, { method }: ManifestFields, { steps, seconds, best }: TrainResult): string {
  const origin = job.base === undefined ? 'from scratch' : `from \`${job.base.id}\``;
  const kept = best === undefined ? '' : `, kept the weights of step ${best.step}`;
  const { cpu, cores } = describeMachine();
  return (
    `App \`${job.app.name}\`, trained ${origin} with Zooid's \`${method}\` and seed ${job.seed}: ` +
    `${steps} steps in ${Math.round(seconds)} s on ${cores} cores of ${cpu}${kept}.`
  );
}

function metricsTable(metrics: ManifestFields['metrics']): string {
  const rows = Object.entries(metrics).flatMap(([split, entries]) =>
    Object.entries(entries).map(([name, entry]) => `| ${split} | ${name} | ${formatMetric(entry)} |`),
  );
  if (rows.length === 0) return 'No held-out data was given.';
  return ['| split | metric | value (95 % bootstrap interval) |', '| --- | --- | --- |', ...rows].join('\n');
}

/** At most this many rows of a curve, spread evenly; the last evaluation is always there. */
const curveRows = 20;

/** Evaluations during training, each with the training loss up to it. */
function curveTable(curve: TrainResult['curve']): string {
  const rows: { step: number; loss: number; metrics: Metrics }[] = [];
  let loss = Number.NaN;
  for (const event of curve) {
    if (event.type === 'step') loss = event.loss;
    if (event.type === 'evaluation') rows.push({ step: event.step, loss, metrics: event.metrics });
  }
  const names = Object.keys(rows[0]?.metrics ?? {});
  const stride = Math.max(1, Math.ceil(rows.length / curveRows));
  const shown = rows.filter((_, i) => (rows.length - 1 - i) % stride === 0);
  return [
    `| step | training loss | ${names.join(' | ')} |`,
    `| ---: | ---: |${names.map(() => ' ---: |').join('')}`,
    ...shown.map(({ step, loss: trainingLoss, metrics }) => {
      const cells = names.map((name) => metrics[name]?.toFixed(4) ?? '');
      return `| ${step} | ${trainingLoss.toFixed(4)} | ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

function formatMetric(entry: MetricEntry): string {
  if (typeof entry === 'number') return entry.toFixed(4);
  return `${entry.value.toFixed(4)} (${entry.low.toFixed(4)} – ${entry.high.toFixed(4)})`;
}

function versionOf(packageFile: string): string {
  return (require(packageFile) as { version: string }).version;
}
