import { stat } from 'node:fs/promises';

/** A model whose weights lie as the processor wants them in a file that sessions map rather than read. */
export interface SharedModel {
  /** Path of the graph. */
  readonly model: string;
  readonly files: readonly FileState[];
}

/** What a file looked like when its digest was right. */
export interface FileState {
  readonly path: string;
  readonly bytes: number;
  readonly modifiedMs: number;
  readonly inode: number;
}

export async function fileState(path: string): Promise<FileState> {
  const { size, mtimeMs, ino } = await stat(path);
  return { path, bytes: size, modifiedMs: mtimeMs, inode: ino };
}

/** @throws Error naming a file that is not the one that was verified. */
export async function assertUnchanged({ files }: SharedModel): Promise<void> {
  for (const file of files) {
    const now = await fileState(file.path);
    if (now.bytes !== file.bytes || now.modifiedMs !== file.modifiedMs || now.inode !== file.inode) {
      throw new Error(`${file.path} has changed since it was verified`);
    }
  }
}
