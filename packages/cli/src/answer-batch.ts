import { ValidationError } from '@zooid/common';
import type { Endpoint, ParsedRequest } from '@zooid/kernel';
import { LimitError } from '@zooid/spec';

/** What became of one item: an output, or why it was refused, by field. */
export type Answer = { readonly output: unknown } | { readonly issues: readonly FieldIssue[] };

/** `field` is a path inside the item, such as `lexicon/0/type`; empty for the whole. */
export interface FieldIssue {
  readonly field: string;
  readonly message: string;
}

/**
 * Answers items that may be bad, one answer each: those that pass the app's checks are run together, the others say
 * what is wrong with them.
 *
 * @throws ValidationError when `parameters` are refused.
 */
export async function answerBatch(
  endpoint: Endpoint,
  items: readonly unknown[],
  parameters: object,
  signal: AbortSignal,
): Promise<Answer[]> {
  const checked = items.map((item) => attempt(() => endpoint.parse([item], parameters), item));
  const good = checked.flatMap((result) => ('issues' in result ? [] : [result]));
  const outputs = await execute(endpoint, good, signal);
  return checked.map((result) => ('issues' in result ? result : outputs.shift()!));
}

async function execute(endpoint: Endpoint, requests: readonly ParsedRequest[], signal: AbortSignal): Promise<Answer[]> {
  const [first] = requests;
  if (first === undefined) return [];
  try {
    const merged = { items: requests.flatMap(({ items }) => items), parameters: first.parameters, many: true };
    const { outputs } = await endpoint.execute(merged, { signal });
    return outputs.map((output) => ({ output }));
  } catch (error) {
    // An app may refuse an item for reasons its class does not know; one by one it shows which.
    if (!(error instanceof ValidationError)) throw error;
    if (requests.length === 1) return [refusal(error)];
    const answers: Answer[] = [];
    for (const request of requests) answers.push(...(await execute(endpoint, [request], signal)));
    return answers;
  }
}

function attempt<T>(work: () => T, item: unknown): T | { readonly issues: readonly FieldIssue[] } {
  try {
    return work();
  } catch (error) {
    const { issues } = refusal(error);
    return typeof item === 'string' ? { issues: issues.map(({ message }) => ({ field: '', message })) } : { issues };
  }
}

/** @throws `error` itself when it is not about the item. */
function refusal(error: unknown): { readonly issues: readonly FieldIssue[] } {
  const issues = issuesOf(error).flatMap(({ path, message }) => {
    const field = /^\/inputs\/0(?:\/(.*))?$/.exec(path);
    return field === null ? [] : [{ field: field[1] ?? '', message }];
  });
  if (issues.length === 0) throw error;
  return { issues };
}

function issuesOf(error: unknown) {
  if (error instanceof ValidationError) return error.issues;
  if (!(error instanceof LimitError)) return [];
  return [{ path: error.path, message: `has ${error.actual} ${error.unit}, at most ${error.limit} are allowed` }];
}
