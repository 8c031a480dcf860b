/** Middle value; of an even number of values, the upper one. @throws RangeError when there are none. */
export function median(values: readonly number[]): number {
  if (values.length === 0) throw new RangeError('median needs at least one value');
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** To so many significant digits, for reports. */
export function rounded(value: number, digits = 4): number {
  return Number(value.toPrecision(digits));
}
