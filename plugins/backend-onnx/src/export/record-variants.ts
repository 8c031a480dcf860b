import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  cardFile,
  readManifest,
  resealModelFolder,
  type VariantEntry,
  withCardSection,
  writeFileAtomically,
} from '@zooid/hub';
import type { VariantReport } from '@zooid/spec';
import { findVariants, isVariant, type SourceVariant } from '../variants.js';

/** The columns of the card's table. */
const header = ['form', 'file', 'MB', 'compared on', 'max Δp', 'decisions changed', 'metric'];

/**
 * Renews the digests in `zooid.json`, if there is one, and records there and in the card what each form loses. Forms that
 * are no longer in the folder are forgotten.
 */
export async function recordVariants(
  folder: string,
  source: SourceVariant,
  reports: readonly VariantReport[],
): Promise<void> {
  const manifest = await readManifest(folder);
  if (manifest === undefined) return;
  const { present } = findVariants(folder);
  const known = Object.entries({ ...manifest.variants, ...Object.fromEntries(reports.map(entryOf)) });
  const variants = Object.fromEntries(
    known.filter(([name]) => isVariant(name) && name !== source && present.includes(name)),
  );
  await resealModelFolder(folder, { variants });
  const card = await readFile(join(folder, cardFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (card === undefined) return;
  const renewed = withCardSection(card, { heading: 'Variants', body: tableOf(source, variants) });
  await writeFileAtomically(join(folder, cardFile), [Buffer.from(renewed)]);
}

function entryOf({ variant, file, sizeBytes, evaluation, ...report }: VariantReport): [string, VariantEntry] {
  const { comparedOn, maxDifference, maxProbabilityDifference, decisions, changedDecisions } = report;
  return [
    variant,
    {
      file,
      bytes: sizeBytes,
      comparedOn: evaluation === undefined ? comparedOn : `${evaluation.data}, ${evaluation.examples} examples`,
      maxDifference,
      maxProbabilityDifference,
      decisions,
      changedDecisions,
      ...(evaluation !== undefined && {
        metric: evaluation.metric,
        value: evaluation.value,
        reference: evaluation.reference,
      }),
    },
  ];
}

function tableOf(source: SourceVariant, variants: Readonly<Record<string, VariantEntry>>): string {
  const rows = Object.entries(variants).map(([name, entry]) => [
    name,
    `\`${entry.file}\``,
    (entry.bytes / 1e6).toFixed(1),
    entry.comparedOn,
    entry.maxProbabilityDifference.toExponential(1),
    `${entry.changedDecisions} of ${entry.decisions}`,
    entry.metric === undefined ? '' : `${entry.metric} ${entry.reference!.toFixed(4)} → ${entry.value!.toFixed(4)}`,
  ]);
  const lines = [header, header.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `Made from \`${source}\`, and compared with it.\n\n${lines.join('\n')}`;
}
