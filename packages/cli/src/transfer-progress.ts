import type { TransferEvent } from '@zooid/spec';
import { colorsOf, displayWidth, formatBytes, formatDuration, type Terminal } from './terminal.js';

/** Redraws are for eyes: more often than this only costs. */
const redrawMs = 100;
const barWidth = 24;

/** What the progress of a transfer is shown with: a line on a terminal, JSON lines on `out`, or nothing. */
export interface TransferDisplay {
  show(event: TransferEvent): void;
  /** Removes the line, so that ordinary output can follow. */
  clear(): void;
}

/** A bar on `err` when that is a terminal; JSON lines on `out` when asked for. */
export function transferDisplay(terminal: Terminal, json: boolean): TransferDisplay {
  const bar = terminal.err.isTTY === true ? new TransferBar(terminal) : undefined;
  return {
    show(event) {
      bar?.show(event);
      if (json) terminal.out.write(`${JSON.stringify(event)}\n`);
    },
    clear: () => bar?.clear(),
  };
}

/** A line that shows where a transfer stands, with lines above it for what went wrong on the way. */
export class TransferBar implements TransferDisplay {
  private readonly colors;
  private readonly bytes = new Map<string, number>();
  private total = { files: 0, bytes: 0 };
  private complete = 0;
  /** Bytes that were there when the first byte came, and when that was. */
  private start: { readonly bytes: number; readonly time: number } | undefined;
  private drawn = 0;

  constructor(private readonly terminal: Terminal) {
    this.colors = colorsOf(terminal, terminal.err);
  }

  show(event: TransferEvent): void {
    switch (event.type) {
      case 'plan':
        this.total = event;
        break;
      case 'progress':
        this.start ??= { bytes: this.moved(), time: Date.now() };
        this.bytes.set(event.file, event.bytes);
        this.draw(false);
        break;
      case 'file':
        this.bytes.set(event.file, event.bytes);
        this.complete++;
        this.draw(this.complete === this.total.files);
        break;
      case 'retry': {
        const pause = event.waitMs >= 1000 ? `; again in ${formatDuration(event.waitMs / 1000)}` : '';
        this.keep(this.colors.yellow(`${event.reason}${pause}`));
        break;
      }
      case 'waiting':
        this.keep(this.colors.dim(event.reason));
        break;
    }
  }

  clear(): void {
    if (this.drawn > 0) this.terminal.err.write('\r\x1b[K');
    this.drawn = 0;
  }

  private draw(last: boolean): void {
    const now = Date.now();
    if (now - this.drawn < redrawMs && !last) return;
    this.drawn = now;
    this.terminal.err.write(`\r${this.format(now)}\x1b[K`);
  }

  private format(now: number): string {
    const moved = this.moved();
    const { files, bytes } = this.total;
    const full = Math.round((barWidth * Math.min(moved, bytes)) / Math.max(bytes, 1));
    const bar = this.colors.green('━'.repeat(full)) + this.colors.dim('━'.repeat(barWidth - full));
    const facts = [`${formatBytes(moved)} of ${formatBytes(bytes)}`, `${this.complete}/${files} files`];
    const seconds = this.start === undefined ? 0 : (now - this.start.time) / 1000;
    if (this.start !== undefined && seconds >= 1) {
      const perSecond = Math.max(1, (moved - this.start.bytes) / seconds);
      facts.push(`${formatBytes(perSecond)}/s`, `ETA ${formatDuration(Math.max(0, bytes - moved) / perSecond)}`);
    }
    // What does not fit would wrap, and \r only goes back one line.
    let room = (this.terminal.err.columns || 80) - barWidth - 1;
    const shown = facts.filter((fact) => {
      room -= displayWidth(fact) + 2;
      return room >= 0;
    });
    return `${bar} ${shown.join('  ')}`;
  }

  private moved(): number {
    return [...this.bytes.values()].reduce((sum, bytes) => sum + bytes, 0);
  }

  private keep(line: string): void {
    this.clear();
    this.terminal.err.write(`${line}\n`);
  }
}
