import { ZooidError } from '@zooid/common';

/** A folder is not a model folder that can be used: incomplete, unreadable, or made by a newer version. */
export class ModelFolderError extends ZooidError {
  readonly code: string = 'MODEL_FOLDER';
}

/** A weights file, or a tensor in it, is not what its own header or its reader says it is. */
export class CheckpointError extends ModelFolderError {
  override readonly code = 'MODEL_CHECKPOINT';
}

/** A file of a model folder differs from what the manifest promises: it was damaged, cut short or exchanged. */
export class IntegrityError extends ModelFolderError {
  override readonly code = 'MODEL_INTEGRITY';
  /** Path of the offending file, relative to `folder`. */
  readonly file: string;
  readonly folder: string;

  constructor(details: {
    readonly folder: string;
    readonly file: string;
    readonly problem: string;
    readonly fix?: string;
  }) {
    const fix = details.fix ?? 'fetch or copy the model again, or restore the file';
    super(`${details.folder}: '${details.file}' ${details.problem}; ${fix}`);
    this.file = details.file;
    this.folder = details.folder;
  }
}
