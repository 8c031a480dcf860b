/**
 * Where two JSON documents differ, as a pointer and what stands there; undefined when they do not. Numbers may differ by
 * `tolerance`.
 */
export function difference(actual: unknown, expected: unknown, tolerance: number, at = ''): string | undefined {
  if (typeof actual === 'number' && typeof expected === 'number') {
    return Math.abs(actual - expected) <= tolerance ? undefined : `${at}: ${actual} instead of ${expected}`;
  }
  if (typeof actual !== 'object' || typeof expected !== 'object' || actual === null || expected === null) {
    return actual === expected ? undefined : `${at}: ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`;
  }
  const [ours, theirs] = [actual as Record<string, unknown>, expected as Record<string, unknown>];
  for (const key of new Set([...Object.keys(ours), ...Object.keys(theirs)])) {
    const found = difference(ours[key], theirs[key], tolerance, `${at}/${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}
