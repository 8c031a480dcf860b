import { CheckpointError } from '../../errors.js';

/** Ends the reading of a checkpoint over `problem`. */
export type Fail = (problem: string) => never;

/** A {@link Fail} that names the file. */
export function damaged(subject: string): Fail {
  return (problem) => {
    throw new CheckpointError(`${subject}: ${problem}; the file is damaged or not a PyTorch checkpoint`);
  };
}

/** A stranger's name for an error: in quotes, escaped, and not longer than a line. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
