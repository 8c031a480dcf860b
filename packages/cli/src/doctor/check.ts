import { ZooidError } from '@zooid/common';

/** One line of `zooid doctor`. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

/** Passes with what `work` returns, fails with what it throws. */
export async function check(name: string, work: () => Promise<string> | string): Promise<Check> {
  try {
    return { name, ok: true, detail: await work() };
  } catch (error) {
    return failed(name, error);
  }
}

export const failed = (name: string, error: unknown): Check => ({
  name,
  ok: false,
  detail: ZooidError.is(error) || error instanceof Error ? error.message : String(error),
});
