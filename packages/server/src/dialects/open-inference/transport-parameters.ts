import type { Issue } from '@zooid/common';
import { pointer } from '@zooid/spec';

/**
 * Parameters by which clients of the protocol steer how tensors travel, with the values that ask for what happens here
 * anyway: everything travels as JSON, and BYTES are UTF-8 text.
 */
const harmless: Readonly<Record<string, readonly unknown[]>> = {
  content_type: ['str', 'hg_jsonlist'],
  binary_data: [false],
  binary_data_output: [false],
};

/** `parameters` without those, for the app to judge the rest. @param issues gets those that cannot be had. */
export function withoutTransport(
  parameters: Readonly<Record<string, unknown>>,
  at: string,
  issues: Issue[],
): Record<string, unknown> {
  const transport = new Map(Object.entries(harmless));
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(parameters)) {
    const accepted = transport.get(name);
    if (accepted === undefined) rest.push([name, value]);
    else if (!accepted.includes(value)) {
      const message = `must be ${accepted.map((one) => JSON.stringify(one)).join(' or ')}: tensors travel as JSON here`;
      issues.push({ path: pointer(at, name), message });
    }
  }
  return Object.fromEntries(rest);
}

/** Refuses parameters of a tensor but those: tensors have none of their own. */
export function refuseOthers(parameters: Readonly<Record<string, unknown>> | undefined, at: string, issues: Issue[]) {
  for (const name of Object.keys(withoutTransport(parameters ?? {}, at, issues))) {
    const known = Object.keys(harmless).join(', ');
    issues.push({ path: pointer(at, name), message: `is not a parameter of a tensor here; known: ${known}` });
  }
}
