import type { Readable, Writable } from 'node:stream';
import pc from 'picocolors';
import type { Environment } from './environment.js';

/** Where a command reads and writes. Results go to `out`, everything about getting there to `err`. */
export interface Terminal {
  readonly in: Readable;
  readonly out: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly err: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly environment: Environment;
}

type Colors = ReturnType<typeof pc.createColors>;

/** Colours for one stream: none unless it is a terminal and nobody asked for none. */
export function colorsOf({ environment }: Terminal, stream: { readonly isTTY?: boolean }): Colors {
  return pc.createColors(stream.isTTY === true && environment.color);
}

export function printJson({ out }: Terminal, value: unknown): void {
  out.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print({ out }: Terminal, line = ''): void {
  out.write(`${line}\n`);
}

export function note({ err }: Terminal, line: string): void {
  err.write(`${line}\n`);
}

/**
 * Columns aligned by display width.
 *
 * @param rows The first is the header.
 */
export function formatTable(rows: readonly (readonly string[])[], header: (text: string) => string): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => displayWidth(row[column] ?? '')))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - displayWidth(cell)))
      .join('  ')
      .trimEnd(),
  );
  return lines.map((line, index) => (index === 0 ? header(line) : line)).join('\n');
}

/** Cells a text takes: two for East Asian wide characters and emoji, none for combining marks. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    if (/\p{M}|\p{Cf}/u.test(character)) continue;
    width +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3ffff}]/u.test(
        character,
      )
        ? 2
        : 1;
  }
  return width;
}

/** `12.3 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const unit = bytes < 1000 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  return `${(bytes / 1000 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

/** `1:02:03`, `2:03`. */
export function formatDuration(seconds: number): string {
  const total = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(total / 3600), Math.floor(total / 60) % 60, total % 60];
  const two = (value: number) => String(value).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
