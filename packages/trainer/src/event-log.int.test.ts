import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TrainEvent } from '@zooid/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EventLog } from './event-log.js';

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), 'zooid-log-')), 'run', 'events.jsonl');
});
afterEach(() => rmSync(join(file, '../..'), { recursive: true, force: true }));

const checkpoint = (step: number): TrainEvent => ({ type: 'checkpoint', step, path: `step-${step}` });

describe('the event log', () => {
  it('is on disk line by line, and drops what a resumed run will report again', () => {
    const first = new EventLog(file, () => true);
    for (const step of [1, 2, 3]) first.append(checkpoint(step));
    const second = new EventLog(file, ({ step }) => step <= 2);
    second.append(checkpoint(9));
    expect(second.events.map(({ step }) => step)).toEqual([1, 2, 9]);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([1, 2, 9].map(checkpoint));
  });

  it('passes over a line that a killed process left unfinished', () => {
    new EventLog(file, () => true).append(checkpoint(1));
    appendFileSync(file, '{"type":"step","st');
    const resumed = new EventLog(file, () => true);
    resumed.append(checkpoint(2));
    expect(readFileSync(file, 'utf8')).toBe([1, 2].map((step) => `${JSON.stringify(checkpoint(step))}\n`).join(''));
  });

  it('starts empty when nothing is kept', () => {
    new EventLog(file, () => true).append(checkpoint(1));
    expect(new EventLog(file, () => false).events).toEqual([]);
    expect(readFileSync(file, 'utf8')).toBe('');
  });
});
