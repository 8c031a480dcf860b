import type { Outcomes } from '../client/outcomes.js';

export interface ScenarioContext {
  /** An empty folder of the scenario's own. */
  readonly folder: string;
  /** 1 for the whole of it; less for fewer requests and shorter times. */
  readonly scale: number;
  log(line: string): void;
}

/** What a scenario saw. */
export interface ScenarioReport {
  readonly sent: number;
  readonly answered: number;
  /** Refused in so many words, by status. */
  readonly refused: Readonly<Record<string, number>>;
  /** Without an answer that was due, by the system's code. */
  readonly errors: Readonly<Record<string, number>>;
  /** Resident memory of the server and its children, in MiB. */
  readonly memoryMiB: { readonly start: number; readonly end: number };
  /** What was not as it should be; empty when the scenario passed. */
  readonly findings: readonly string[];
  /** What happened, in a few words. */
  readonly note: string;
}

/** A fault, a load beside it, and what must hold all the while. */
export interface Scenario {
  readonly name: string;
  /** One sentence: what goes wrong and what must not. */
  readonly description: string;
  run(context: ScenarioContext): Promise<ScenarioReport>;
}

/** Collects what is not as it should be. */
export class Findings {
  readonly all: string[] = [];

  /** @param told What was found instead. */
  expect(holds: boolean, told: string): void {
    if (!holds && this.all.length < 20) this.all.push(told);
  }

  /** Memory grew by no more than `factor`. A short run ends before memory has settled, so it does not tell. */
  expectMemory({ scale }: ScenarioContext, { start, end }: ScenarioReport['memoryMiB'], factor: number): void {
    const settles = scale >= 0.1;
    this.expect(!settles || end <= factor * start, `memory grew from ${start} to ${end} MiB`);
  }

  /** Every request was answered, or refused with one of `deliberate` by a reply that says when to come back. */
  expectNothingLost(
    { refused, errors, withoutRetryAfter, examples }: Outcomes,
    deliberate: readonly number[] = [],
  ): void {
    for (const [status, count] of Object.entries(refused)) {
      this.expect(
        deliberate.includes(Number(status)),
        `${count} requests were refused with ${status}: ${examples.find((example) => example.startsWith(status))}`,
      );
    }
    for (const [code, count] of Object.entries(errors)) this.expect(false, `${count} requests failed with ${code}`);
    this.expect(withoutRetryAfter === 0, `${withoutRetryAfter} refusals had no Retry-After`);
  }
}

/** What is the same in all reports. */
export function reportOf(
  { sent, answered, refused, errors }: Pick<Outcomes, 'sent' | 'answered' | 'refused' | 'errors'>,
  memoryMiB: ScenarioReport['memoryMiB'],
  { all: findings }: Findings,
  note: string,
): ScenarioReport {
  return { sent, answered, refused, errors, memoryMiB, findings, note };
}
