import { toPlain } from './validate-dto.js';

/**
 * A model's `options` as plain data, with those of `overrides` instead, also inside sections.
 *
 * @param whole Keys of maps that users fill themselves: they are replaced, not merged.
 */
export function withOverrides(
  options: object,
  overrides: Readonly<Record<string, unknown>>,
  whole: readonly string[] = [],
): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...toPlain(options) };
  for (const [key, value] of Object.entries(overrides)) {
    const section = merged[key];
    const isMerged = !whole.includes(key) && isSection(section) && isSection(value);
    merged[key] = isMerged ? { ...section, ...value } : value;
  }
  return merged;
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
