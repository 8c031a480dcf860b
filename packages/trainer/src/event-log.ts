import { appendFileSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TrainEvent } from '@zooid/common';

/**
 * `events.jsonl`: what happened, one event a line. Appended synchronously, so that a killed process loses nothing it
 * has reported; events are rare enough for that.
 */
export class EventLog {
  private readonly kept: TrainEvent[];

  /** @param keep Which events of an existing log still hold; a resumed run reports the others again. */
  constructor(
    private readonly file: string,
    keep: (event: TrainEvent) => boolean,
  ) {
    mkdirSync(dirname(file), { recursive: true });
    this.kept = readEvents(file).filter(keep);
    const temporary = `${file}.tmp`;
    writeFileSync(temporary, this.kept.map((event) => `${JSON.stringify(event)}\n`).join(''));
    renameSync(temporary, file);
  }

  get events(): readonly TrainEvent[] {
    return this.kept;
  }

  append(event: TrainEvent): void {
    this.kept.push(event);
    appendFileSync(this.file, `${JSON.stringify(event)}\n`);
  }
}

/** The events of a log; lines that a killed process left unfinished are passed over. */
export function readEvents(file: string): TrainEvent[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    return [];
  }
  return text.split('\n').flatMap((line) => {
    try {
      return line === '' ? [] : [JSON.parse(line) as TrainEvent];
    } catch {
      return [];
    }
  });
}
