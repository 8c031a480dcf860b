/** A deep copy with numbers rounded, so that two answers can be compared within float32 noise. */
export function roundedJson(value: unknown, decimals: number): unknown {
  const scale = 10 ** decimals;
  return JSON.parse(
    JSON.stringify(value, (_, inner) =>
      // Adding zero turns -0 into 0.
      typeof inner === 'number' && !Number.isInteger(inner) ? Math.round(inner * scale) / scale + 0 : inner,
    ),
  );
}
