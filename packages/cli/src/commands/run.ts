import { openHost } from '../host.js';
import { openModel } from '../model.js';
import { parseParameters } from '../parameters.js';
import { colorsOf, displayWidth, formatTable, print, printJson, type Terminal } from '../terminal.js';
import type { CommandContext } from './context.js';

const barWidth = 20;

/** Answers one text, for a person to read. */
export async function run(
  { terminal, options }: CommandContext,
  model: string,
  text: string,
  { parameters }: { readonly parameters?: string },
): Promise<void> {
  const checked = parseParameters(parameters);
  await using host = await openHost(terminal, options);
  const endpoint = await openModel(host.kernel, model);
  const request = endpoint.parse(text, checked);
  const { outputs } = await endpoint.execute(request);
  if (options.json) printJson(terminal, outputs[0]);
  else print(terminal, format(outputs[0], terminal));
}

/** Shows by shape what many apps' answers have in common: a headline, scored labels, spans. The rest stays JSON. */
function format(output: unknown, terminal: Terminal): string {
  if (typeof output !== 'object' || output === null || Array.isArray(output)) return JSON.stringify(output, null, 2);
  const { bold, green, dim } = colorsOf(terminal, terminal.out);
  const parts: string[] = [];
  const rest: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(output)) {
    if (isScores(value)) parts.push(formatScores(value, green, dim));
    else if (isRows(value)) parts.push(`${dim(name)}\n${formatTable(toTable(value), bold)}`);
    else if (typeof value === 'string') parts.unshift(`${dim(name)} ${bold(value)}`);
    else if (name !== 'score' && !(Array.isArray(value) && value.length === 0)) rest[name] = value;
  }
  if (Object.keys(rest).length > 0) parts.push(JSON.stringify(rest, null, 2));
  return parts.join('\n');
}

interface Score {
  readonly label: string;
  readonly score: number;
}

function isScores(value: unknown): value is readonly Score[] {
  return isRows(value) && value.every(({ label, score }) => typeof label === 'string' && typeof score === 'number');
}

function isRows(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.length > 0 && value.every((row) => typeof row === 'object' && row !== null);
}

function formatScores(
  scores: readonly Score[],
  full: (text: string) => string,
  empty: (text: string) => string,
): string {
  const width = Math.max(...scores.map(({ label }) => displayWidth(label)));
  const lines = scores.map(({ label, score }) => {
    const cells = Math.round(Math.min(Math.max(score, 0), 1) * barWidth);
    const bar = full('█'.repeat(cells)) + empty('░'.repeat(barWidth - cells));
    return `  ${label}${' '.repeat(width - displayWidth(label))}  ${bar}  ${score.toFixed(4)}`;
  });
  return lines.join('\n');
}

function toTable(rows: readonly Readonly<Record<string, unknown>>[]): string[][] {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const cell = (value: unknown) =>
    typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value);
  return [columns, ...rows.map((row) => columns.map((column) => cell(row[column])))];
}
