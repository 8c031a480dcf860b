import { ZooidError } from '@zooid/common';

/** A training run cannot start, go on or be resumed. */
export abstract class TrainingError extends ZooidError {}

/** The loss or the gradient norm stopped being finite. */
export class DivergenceError extends TrainingError {
  readonly code = 'TRAINING_DIVERGED';

  constructor(
    /** The update that could not be made, 1-based. */
    readonly step: number,
    /** The last losses, oldest first; the final one belongs to `step`. */
    readonly losses: readonly number[],
    readonly gradientNorm: number,
    /** Folder of the last checkpoint with finite weights, if there is one. */
    readonly checkpoint: string | undefined,
  ) {
    super(
      `Training diverged at step ${step}: expected a finite loss and gradient norm, found loss ${losses.at(-1)} and norm ${gradientNorm}. ` +
        `Last losses: ${losses.map(shortNumber).join(', ')}. ` +
        `${checkpoint === undefined ? 'No checkpoint was written yet' : `The last good checkpoint is ${checkpoint}`}. ` +
        'Lower the learning rate, lengthen the warm-up or clip gradients more tightly',
    );
  }
}

/** One setting that differs between a checkpoint and the run that wants to continue from it. */
export interface ConfigDifference {
  /** Dotted path: `recipe.train.learningRate`. */
  readonly key: string;
  /** JSON of the value, `undefined` where the key is absent. */
  readonly checkpoint: string | undefined;
  readonly now: string | undefined;
}

/** The recipe or the data changed since the checkpoint was written, so that continuing would not be the same run. */
export class ResumeMismatchError extends TrainingError {
  readonly code = 'TRAINING_RESUME_MISMATCH';

  constructor(
    readonly directory: string,
    readonly differences: readonly ConfigDifference[],
  ) {
    const listed = differences
      .slice(0, 8)
      .map(({ key, checkpoint, now }) => `${key} was ${checkpoint ?? 'absent'}, is ${now ?? 'absent'}`);
    const more = differences.length > listed.length ? `; and ${differences.length - listed.length} more` : '';
    super(
      `Cannot resume the run in ${directory}: its configuration differs (${listed.join('; ')}${more}). ` +
        'Restore these values, or start a new run in another folder',
    );
  }
}

/** A run folder cannot be read or written as asked: a checkpoint in it is damaged, or made by a newer version. */
export class RunFolderError extends TrainingError {
  readonly code = 'TRAINING_RUN_FOLDER';
}

function shortNumber(value: number): string {
  return Number.isFinite(value) ? String(Number(value.toPrecision(5))) : String(value);
}
