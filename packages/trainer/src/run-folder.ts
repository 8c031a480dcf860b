import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger, TrainEvent } from '@zooid/common';
import { writeFileAtomically } from '@zooid/hub';
import { type Checkpoint, type CheckpointArrays, type CheckpointState, CheckpointStore } from './checkpoint.js';
import { CheckpointClock } from './checkpoint-clock.js';
import { EventLog } from './event-log.js';
import { renderReport } from './report.js';
import type { RunRecord } from './run-record.js';
import type { CheckpointOptions } from './train-options.js';

const previousRun = 'previous';
const recordFile = 'record.json';

export interface RunFolderOptions {
  readonly directory: string;
  readonly resume: boolean;
  readonly checkpoints: CheckpointOptions | undefined;
  readonly logger: Logger;
}

/** What a run leaves on disk: checkpoints, events, record and report. */
export class RunFolder {
  private saving: Promise<void> = Promise.resolve();
  private readonly clock: CheckpointClock;

  private constructor(
    private readonly directory: string,
    private readonly store: CheckpointStore,
    private readonly log: EventLog,
    options: CheckpointOptions,
  ) {
    this.clock = new CheckpointClock(options);
  }

  /** Opens the folder, and the checkpoint to continue from when resuming and there is one. */
  static async open(options: RunFolderOptions): Promise<{ folder: RunFolder; checkpoint: Checkpoint | undefined }> {
    const { directory, resume, logger, checkpoints = {} } = options;
    if (!resume) await setAside(directory, logger);
    await mkdir(join(directory, 'checkpoints'), { recursive: true });
    const store = new CheckpointStore(join(directory, 'checkpoints'), checkpoints.keep ?? 2, logger);
    const checkpoint = resume ? await store.latest() : undefined;
    const keep = (event: TrainEvent) => checkpoint !== undefined && stillHolds(event, checkpoint.state);
    const log = new EventLog(join(directory, 'events.jsonl'), keep);
    return { folder: new RunFolder(directory, store, log, checkpoints), checkpoint };
  }

  get events(): readonly TrainEvent[] {
    return this.log.events;
  }

  append(event: TrainEvent): void {
    this.log.append(event);
  }

  checkpointDue(step: number): boolean {
    return this.clock.due(step);
  }

  /**
   * Writes a checkpoint in the background; one at a time, so that this waits while an earlier one is being written.
   * @throws whatever writing the earlier one threw
   */
  async startCheckpoint(
    state: CheckpointState,
    arrays: CheckpointArrays,
    written: (path: string) => void,
  ): Promise<void> {
    await this.saving;
    const done = this.clock.begin();
    this.saving = this.store.write(state, arrays).then((path) => {
      done();
      written(path);
    });
    this.saving.catch(() => {}); // reported by whoever waits next
  }

  /** Removes all checkpoints but the newest: a finished run needs no more. */
  async tidy(): Promise<void> {
    await this.saving;
    await this.store.prune(1);
  }

  /** Waits until everything is on disk. */
  async settled(): Promise<void> {
    await this.saving;
  }

  async newestCheckpoint(): Promise<string | undefined> {
    return this.store.newestPath();
  }

  /** `record.json` and `report.html`. */
  async writeRecord(record: RunRecord, title: string): Promise<void> {
    const encode = (text: string) => [new TextEncoder().encode(text)];
    await writeFileAtomically(join(this.directory, recordFile), encode(`${JSON.stringify(record, null, 2)}\n`));
    await writeFileAtomically(join(this.directory, 'report.html'), encode(renderReport(record, title)));
  }
}

/**
 * Clears the folder for a new run. An earlier run that did not finish may hold hours of work: it moves to `previous/`,
 * where one is kept.
 */
async function setAside(directory: string, logger: Logger): Promise<void> {
  const entries = (await readdir(directory).catch(() => [])).filter((name) => name !== previousRun);
  if (entries.length === 0) return;
  if (await hasFinished(directory)) {
    for (const name of entries) await rm(join(directory, name), { recursive: true });
    return;
  }
  const previous = join(directory, previousRun);
  await rm(previous, { recursive: true, force: true });
  await mkdir(previous);
  for (const name of entries) await rename(join(directory, name), join(previous, name));
  logger.info({ to: previous }, 'an earlier, unfinished run was set aside');
}

async function hasFinished(directory: string): Promise<boolean> {
  try {
    const record = JSON.parse(await readFile(join(directory, recordFile), 'utf8')) as Partial<RunRecord>;
    return record.status === 'finished';
  } catch {
    return false;
  }
}

/** Events after the checkpoint will happen again, and so will an evaluation that was not part of it. */
function stillHolds(event: TrainEvent, state: CheckpointState): boolean {
  return event.type === 'evaluation' ? event.step <= state.lastEvaluation : event.step <= state.step;
}
