const FREE = 0;
const POSTED = 1;
const BEGUN = 2;
const WITHDRAWN = 3;

/**
 * Who has a run that was posted to a worker thread: the worker, once it begins, or the pool, if it wants it back before
 * that. Both sides look at the same memory, so exactly one of them gets it.
 */
export class RunClaims {
  private readonly places: Int32Array;

  constructor(readonly memory: SharedArrayBuffer) {
    this.places = new Int32Array(memory);
  }

  /** @param count Runs that may be posted at a time. */
  static create(count: number): RunClaims {
    return new RunClaims(new SharedArrayBuffer(count * Int32Array.BYTES_PER_ELEMENT));
  }

  /** Takes a place for a run that is posted now. @throws RangeError when none is free. */
  post(): number {
    const place = this.places.indexOf(FREE);
    if (place < 0) throw new RangeError(`At most ${this.places.length} runs may be posted at a time`);
    Atomics.store(this.places, place, POSTED);
    return place;
  }

  /** For the worker: whether the run is its to do. */
  begin(place: number): boolean {
    return Atomics.compareExchange(this.places, place, POSTED, BEGUN) === POSTED;
  }

  /** For the pool: whether the run did not begin, and now will not. */
  withdraw(place: number): boolean {
    return Atomics.compareExchange(this.places, place, POSTED, WITHDRAWN) === POSTED;
  }

  /** Once the worker has answered, whatever it said. */
  free(place: number): void {
    Atomics.store(this.places, place, FREE);
  }
}
