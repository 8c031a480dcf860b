import { ValidationError } from '@zooid/common';

/** One example of what a model answers, for smoke tests of the folder. */
export interface GoldenCase {
  /** A request item, as sent to the app. */
  readonly input: unknown;
  /** The answer it got when the model was made. */
  readonly output: unknown;
  /** Largest difference allowed between two numbers, relative to the larger of 1 and the expected one. */
  readonly tolerance: number;
}

/** int8 and other CPUs move scores by about this much; labels and offsets must still be equal. */
const defaultTolerance = 1e-3;

/** Content of `golden.json`: `[{ "input", "output", "tolerance" }]`. */
export function goldenFile(
  cases: readonly { readonly input: unknown; readonly output: unknown }[],
  tolerance = defaultTolerance,
): string {
  const lines = cases.map(({ input, output }) => `  ${JSON.stringify({ input, output, tolerance })}`);
  return `[\n${lines.join(',\n')}\n]\n`;
}

/** @throws ValidationError when `text` is not what `goldenFile` writes. */
export function parseGolden(text: string, subject = 'golden.json'): GoldenCase[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ValidationError(subject, [{ path: '', message: `is not valid JSON: ${(cause as Error).message}` }]);
  }
  if (!Array.isArray(value)) throw new ValidationError(subject, [{ path: '', message: 'must be an array of cases' }]);
  return value.map((item: Partial<GoldenCase> | null, i) => {
    if (item?.input === undefined || item.output === undefined) {
      throw new ValidationError(subject, [{ path: `/${i}`, message: 'must have "input" and "output"' }]);
    }
    const { input, output, tolerance = defaultTolerance } = item;
    if (!Number.isFinite(tolerance) || tolerance < 0) {
      throw new ValidationError(subject, [{ path: `/${i}/tolerance`, message: 'must be a number of at least 0' }]);
    }
    return { input, output, tolerance };
  });
}

/**
 * The first place where `actual` differs from `expected`, as a JSON pointer and what was found, or `undefined` when
 * they agree. Numbers agree within `tolerance × max(1, |expected|)`; everything else must be equal as JSON.
 */
export function goldenDifference(expected: unknown, actual: unknown, tolerance: number, path = ''): string | undefined {
  if (typeof expected === 'number' && typeof actual === 'number') {
    const near = Math.abs(expected - actual) <= tolerance * Math.max(1, Math.abs(expected));
    return near ? undefined : differs(path, expected, actual);
  }
  if (Array.isArray(expected) && Array.isArray(actual)) {
    if (expected.length !== actual.length) return `${path} has ${actual.length} elements, expected ${expected.length}`;
    return firstDefined(expected.keys(), (i) => goldenDifference(expected[i], actual[i], tolerance, `${path}/${i}`));
  }
  if (isRecord(expected) && isRecord(actual)) {
    // JSON drops undefined, so a missing key and an undefined one are the same.
    const keys = new Set([...Object.keys(expected), ...Object.keys(actual)]);
    return firstDefined(keys, (key) => goldenDifference(expected[key], actual[key], tolerance, `${path}/${key}`));
  }
  return Object.is(expected, actual) ? undefined : differs(path, expected, actual);
}

const differs = (path: string, expected: unknown, actual: unknown): string =>
  `${path} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function firstDefined<K, V>(keys: Iterable<K>, find: (key: K) => V | undefined): V | undefined {
  for (const key of keys) {
    const found = find(key);
    if (found !== undefined) return found;
  }
  return undefined;
}
