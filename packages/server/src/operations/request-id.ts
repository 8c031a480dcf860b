import { randomUUID } from 'node:crypto';

/** Goes into logs and headers as it came: nothing that could end a line, open a tag or grow without bound. */
const wellFormed = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;

/** The caller's id for its request when it is well formed, else a new one. */
export function requestIdOf(sent: string | readonly string[] | undefined): string {
  return typeof sent === 'string' && wellFormed.test(sent) ? sent : randomUUID();
}
