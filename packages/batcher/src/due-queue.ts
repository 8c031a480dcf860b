/** A row that waits for its batch. */
export interface WaitingRow {
  /** In tokens, at least 1. */
  readonly length: number;
  /** Effective arrival: the least is next. */
  readonly due: number;
  /** Order of arrival, for rows that are due at once. */
  readonly sequence: number;
  /** Where it stands in its queue; the queue's own, -1 outside. */
  place: number;
}

/** Rows by effective arrival: a binary heap that rows can leave from anywhere, in logarithmic time. */
export class DueQueue<Row extends WaitingRow> {
  private readonly heap: Row[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** The row that is due first. */
  get first(): Row | undefined {
    return this.heap[0];
  }

  add(row: Row): void {
    this.heap.push(row);
    this.rise(row, this.heap.length - 1);
  }

  remove(row: Row): void {
    const { place } = row;
    const last = this.heap.pop()!;
    row.place = -1;
    if (last === row) return;
    if (place > 0 && precedes(last, this.heap[(place - 1) >> 1]!)) this.rise(last, place);
    else this.sink(last, place);
  }

  private rise(row: Row, from: number): void {
    const { heap } = this;
    let place = from;
    while (place > 0) {
      const parentPlace = (place - 1) >> 1;
      const parent = heap[parentPlace]!;
      if (!precedes(row, parent)) break;
      heap[place] = parent;
      parent.place = place;
      place = parentPlace;
    }
    heap[place] = row;
    row.place = place;
  }

  private sink(row: Row, from: number): void {
    const { heap } = this;
    let place = from;
    for (;;) {
      let childPlace = 2 * place + 1;
      if (childPlace >= heap.length) break;
      if (childPlace + 1 < heap.length && precedes(heap[childPlace + 1]!, heap[childPlace]!)) childPlace++;
      const child = heap[childPlace]!;
      if (!precedes(child, row)) break;
      heap[place] = child;
      child.place = place;
      place = childPlace;
    }
    heap[place] = row;
    row.place = place;
  }
}

export function precedes(a: WaitingRow, b: WaitingRow): boolean {
  return a.due < b.due || (a.due === b.due && a.sequence < b.sequence);
}
