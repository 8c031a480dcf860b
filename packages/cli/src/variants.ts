import { ValidationError } from '@zooid/common';
import type { ComparisonBasis } from '@zooid/kernel';
import type { VariantReport, VariantTolerance } from '@zooid/spec';
import { UsageError } from './errors.js';
import { colorsOf, type Terminal } from './terminal.js';

/** Options of commands that compare forms of a model. */
export interface ToleranceOptions {
  /** Points of the metric. */
  readonly tolerance?: number | undefined;
  /** Share of the decisions. */
  readonly changed?: number | undefined;
  /** Share of the outputs. */
  readonly difference?: number | undefined;
}

export function toleranceOf({ tolerance, changed, difference }: ToleranceOptions): VariantTolerance {
  return {
    ...(tolerance !== undefined && { points: tolerance }),
    ...(changed !== undefined && { changed }),
    ...(difference !== undefined && { difference }),
  };
}

/** What the kernel says of its options, said of those of the command. */
export function optionIssues(error: unknown): unknown {
  const isOurs = error instanceof ValidationError && ['export', 'bench', 'evaluation'].includes(error.subject);
  if (!isOurs) return error;
  return new UsageError(error.issues.map(({ path, message }) => `--${path.slice(1)} ${message}`).join('; '));
}

/** Shows the step at hand on a terminal; nothing elsewhere. */
export function progressLine(terminal: Terminal) {
  const { dim } = colorsOf(terminal, terminal.err);
  const show = (text: string) => {
    if (terminal.err.isTTY) terminal.err.write(text);
  };
  const step = ({ variant, step }: { readonly variant: string; readonly step: string }) =>
    show(`\r${dim(`${variant}  ${step} …`)}\x1b[K`);
  return Object.assign(step, { clear: () => show('\r\x1b[K') });
}

/** On what forms were compared. */
export function comparisonOf({ evaluation, goldenSamples, whyNoEvaluation }: ComparisonBasis): string {
  if (evaluation !== undefined) {
    const { data, examples, total } = evaluation;
    return `compared on ${data}, ${examples === total ? `${total}` : `${examples} of ${total}`} examples`;
  }
  const what = goldenSamples > 0 ? `${goldenSamples} golden inputs` : 'random inputs';
  return `compared on ${what}${whyNoEvaluation === undefined ? '' : `: ${whyNoEvaluation}`}`;
}

/** `accuracy 0.8961 → 0.8950` */
export function lossOf({ evaluation }: Pick<VariantReport, 'evaluation'>): string {
  if (evaluation === undefined) return '';
  const { metric, reference, value } = evaluation;
  return `${metric} ${reference.toFixed(4)} → ${value.toFixed(4)}`;
}
