/** What a benchmark may use besides its imports. */
export interface BenchmarkContext {
  /** Progress for people; never part of the result. */
  log(line: string): void;
  /** Python interpreters to look for a peer in, in order. */
  readonly pythons: readonly string[];
  /**
   * A script of somebody else's to time training steps against instead of our own peer:
   * `step --config mini|base --batch N --length S --iterations K` prints `{"medianMs", "rssMiB"}`.
   */
  readonly peerScript?: string | undefined;
  /** Parts to run, of a benchmark that has parts; default: all. */
  readonly only?: readonly string[];
  /** Share of the requests and times of `faults`; default: 1, all of them. */
  readonly scale?: number;
  /** How long `soak` lasts; default: 10. */
  readonly minutes?: number;
}

export interface Measurement {
  /** Ours over theirs or over the bound, as the description says; lower is better. `null`: it could not be measured. */
  readonly ratio: number | null;
  readonly ok: boolean;
  /**
   * JSON values: the numbers behind the ratio, and everything needed to read them. `table`, a list of rows, is shown
   * to people as a table.
   */
  readonly details: Readonly<Record<string, unknown>>;
}

export interface Benchmark {
  readonly name: string;
  /** One sentence: what is compared with what. */
  readonly description: string;
  /** The ratio must not exceed it. */
  readonly target: number;
  run(context: BenchmarkContext): Promise<Measurement>;
}

/** What `--json` prints, on one line. */
export interface BenchmarkReport extends Measurement {
  readonly name: string;
  readonly target: number;
}
