import { randomUUID } from 'node:crypto';

/** Goes into logs and headers as it came: nothing that could end a line, open a tag or grow without bound. */
const wellFormed = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** Drawn by each process for itself; what follows it counts. Ids have to differ, and need not be hard to guess. */
const prefix = randomUUID().slice(0, -12);
let count = 0;

/** The caller's id for its request when it is well formed, else a new one, in the form of a UUID. */
export function requestIdOf(sent: string | readonly string[] | undefined): string {
  if (typeof sent === 'string' && wellFormed.test(sent)) return sent;
  count++;
  return prefix + count.toString(16).padStart(12, '0');
}
