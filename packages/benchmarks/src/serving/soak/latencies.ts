/** Quantile of sorted values; 0 of none. */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? 0;
}

/**
 * Latencies of one load by seconds of its time.
 *
 * @param times pairs of when a request was due and how long its answer took, in milliseconds
 * @returns for each second from the start on: the latencies of what was due in it, sorted
 */
export function bySecond(times: Float64Array): Float64Array[] {
  const seconds: number[][] = [];
  for (let i = 0; i < times.length; i += 2) {
    const second = Math.floor(times[i]! / 1000);
    while (seconds.length <= second) seconds.push([]);
    seconds[second]!.push(times[i + 1]!);
  }
  return seconds.map((latencies) => Float64Array.from(latencies).sort());
}
