/** Consecutive rows of a table that are all active or all not. */
export interface RowRun {
  readonly start: number;
  readonly end: number;
  readonly active: boolean;
}

/**
 * Rows of a table whose AdamW moments may be other than zero: those that ever had a gradient. For all others an update
 * is the weight decay alone, to the bit, which spares most of the work on a vocabulary of which a data set uses a part.
 */
export class ActiveRows {
  /** `undefined`: nobody knows. */
  private flags: Uint8Array | undefined;

  constructor(private readonly rows: number) {
    this.flags = new Uint8Array(rows);
  }

  /** To be called with an update of the whole table. */
  activateAll(): void {
    this.flags?.fill(1);
  }

  /** To be called when the moments were replaced. */
  forget(): void {
    this.flags = undefined;
  }

  /**
   * What to update in a step.
   *
   * @param touched rows that have a gradient now.
   * @param moments `[rows, width]` each, looked at after `forget`.
   */
  runs(touched: readonly number[], moments: { readonly m: Float32Array; readonly v: Float32Array }): RowRun[] {
    const flags = this.flags ?? this.find(moments);
    this.flags = flags;
    for (const row of touched) flags[row] = 1;
    const { rows } = this;
    const runs: RowRun[] = [];
    for (let start = 0; start < rows; ) {
      let end = start + 1;
      while (end < rows && flags[end] === flags[start]) end++;
      runs.push({ start, end, active: flags[start] === 1 });
      start = end;
    }
    return runs;
  }

  private find({ m, v }: { readonly m: Float32Array; readonly v: Float32Array }): Uint8Array {
    const width = m.length / this.rows;
    return Uint8Array.from({ length: this.rows }, (_, row) => {
      const [from, to] = [row * width, (row + 1) * width];
      return Number(m.subarray(from, to).some((x) => x !== 0) || v.subarray(from, to).some((x) => x !== 0));
    });
  }
}
