import type { ProgressEvent } from '@zooid/spec';
import { colorsOf, displayWidth, formatDuration, type Terminal } from './terminal.js';

type StepEvent = Extract<ProgressEvent, { type: 'step' }>;

/** Redraws are for eyes: more often than this only costs. */
const redrawMs = 100;
const barWidth = 24;

/** A line on a terminal that shows where a training run stands, with lines above it for what is worth keeping. */
export class ProgressBar {
  private drawn = 0;
  private first: { readonly step: number; readonly time: number } | undefined;
  private readonly colors;

  constructor(private readonly terminal: Terminal) {
    this.colors = colorsOf(terminal, terminal.err);
  }

  show(event: ProgressEvent): void {
    if (event.type === 'step') this.step(event);
    else this.keep(this.describe(event));
  }

  /** Removes the line, so that ordinary output can follow. */
  clear(): void {
    if (this.drawn > 0) this.terminal.err.write('\r\x1b[K');
    this.drawn = 0;
  }

  private step(event: StepEvent): void {
    const now = Date.now();
    this.first ??= { step: event.step, time: now };
    if (now - this.drawn < redrawMs && event.step < event.totalSteps) return;
    this.drawn = now;
    const line = this.format(event, (now - this.first.time) / Math.max(1, event.step - this.first.step));
    this.terminal.err.write(`\r${line}\x1b[K`);
  }

  private format({ step, totalSteps, epoch, loss, learningRate, tokensPerSecond }: StepEvent, stepMs: number): string {
    const full = Math.round((barWidth * Math.min(step, totalSteps)) / Math.max(totalSteps, 1));
    const bar = this.colors.green('━'.repeat(full)) + this.colors.dim('━'.repeat(barWidth - full));
    const left = formatDuration((stepMs * Math.max(0, totalSteps - step)) / 1000);
    const facts = [
      `${step}/${totalSteps}`,
      `epoch ${epoch + 1}`,
      `loss ${loss.toFixed(4)}`,
      `lr ${learningRate.toExponential(1)}`,
      `${Math.round(tokensPerSecond)} tokens/s`,
      `ETA ${left}`,
    ];
    // What does not fit would wrap, and \r only goes back one line.
    let room = (this.terminal.err.columns || 80) - barWidth - 1; // a pseudo-terminal may say 0
    const shown = facts.filter((fact) => {
      room -= displayWidth(fact) + 2;
      return room >= 0;
    });
    return `${bar} ${shown.join('  ')}`;
  }

  private keep(line: string): void {
    this.clear();
    this.terminal.err.write(`${line}\n`);
  }

  private describe(event: Exclude<ProgressEvent, StepEvent>): string {
    const { dim, bold, green } = this.colors;
    switch (event.type) {
      case 'stage':
        return `${bold(event.name)}${event.detail === undefined ? '' : ` ${dim(event.detail)}`}`;
      case 'evaluation':
        return `step ${event.step}  ${event.split}  ${formatMetrics(event.metrics)}${event.best ? green('  best') : ''}`;
      case 'checkpoint':
        return dim(`step ${event.step}  checkpoint ${event.path}`);
      case 'done':
        return `${green('done')} in ${formatDuration(event.seconds)}  ${formatMetrics(event.metrics)}`;
    }
  }
}

/** `f1 0.9512  macroF1 0.9403`; metrics of single classes, `f1/PER`, are left to the record of the run. */
export function formatMetrics(metrics: Readonly<Record<string, number>>): string {
  return Object.entries(metrics)
    .filter(([name]) => !name.includes('/'))
    .map(([name, value]) => `${name} ${formatMetric(value)}`)
    .join('  ');
}

/** Counts as they are, everything else to four places. */
export function formatMetric(value: number): string {
  return Number.isInteger(value) ? `${value}` : value.toFixed(4);
}
