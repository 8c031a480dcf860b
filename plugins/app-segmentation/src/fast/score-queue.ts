import type { Turns } from '@zooid/data';
import type { Units } from '@zooid/tokenizers';
import { type Chunk, chunksOf } from './chunks.js';
import type { FastVocabulary } from './fast-vocabulary.js';
import { takeScores } from './take-scores.js';
import { Tape, type TapeRow } from './tape.js';

/** Units handed over together: enough for full batches on every core. */
const UNITS_PER_TAPE = 8192;
const TAPES_UNDER_WAY = 3;
/** Of looking up its rows, and of taking its scores. */
const MICROSECONDS_PER_UNIT = 0.1;

/** What the queue must know of the network. */
export interface ScoreQueueOptions {
  readonly vocabulary: FastVocabulary;
  /** Units to either side that the network sees. */
  readonly reach: number;
  /** Granularities that it scores, in order. */
  readonly granularities: readonly string[];
  /** Those that the caller wants. */
  readonly wanted: readonly string[];
  /** Units that one row may have. */
  readonly rowUnits: number;
  /** Most units of all texts together; more memory than they need is not taken. */
  readonly expected: number;
  /** The scores of each row, in order. */
  readonly answer: (rows: readonly TapeRow[]) => Promise<readonly RowScores[]>;
}

/** Scores of a batch, and the unit in them at which those of a row begin. */
export interface RowScores {
  readonly scores: Float32Array;
  readonly from: number;
}

/** A text whose scores are on their way. */
interface Text {
  readonly units: Units;
  /** By granularity, `count × 4`. */
  readonly emissions: readonly Float32Array[];
  /** Chunks without an answer. */
  open: number;
  readonly settle: (error?: unknown) => void;
}

/** A stretch of a text, and where on the tape it lies. */
interface Piece {
  readonly text: Text;
  readonly chunk: Chunk;
  readonly at: number;
}

/** Texts that are handed over together. */
interface Load {
  readonly tape: Tape;
  readonly pieces: Piece[];
  /** Room for the emissions of short texts, by granularity; one large array costs less than many small ones. */
  readonly emissions: readonly Float32Array[];
}

/** Carries the texts of one request through the fast network, some thousand units at a time. */
export class ScoreQueue {
  private load: Load | undefined;
  private readonly underway: Promise<void>[] = [];
  private expected: number;

  constructor(private readonly options: ScoreQueueOptions) {
    this.expected = options.expected;
  }

  /**
   * Adds a text; waits while enough is under way. Its scores come when all of it was handed over, by what is added after it or
   * by `flush`.
   *
   * @returns scores by granularity, `count × 4`; those of white space are 0.
   */
  async add(units: Units, turns: Turns): Promise<{ readonly scored: Promise<readonly Float32Array[]> }> {
    const { vocabulary, reach, wanted } = this.options;
    const { count } = units;
    const size = UNITS_PER_TAPE - 2 * reach;
    let settle!: Text['settle'];
    let load = await this.roomFor(Math.min(count, UNITS_PER_TAPE));
    const first = load.tape.next(reach);
    const emissions = wanted.map((_, i) =>
      count <= size ? load.emissions[i]!.subarray(4 * first, 4 * (first + count)) : new Float32Array(4 * count),
    );
    const scored = new Promise<readonly Float32Array[]>((resolve, reject) => {
      settle = (error) => (error === undefined ? resolve(emissions) : reject(error));
    });
    scored.catch(() => {}); // it may fail before the caller gets to it
    const text: Text = { units, emissions, open: Math.ceil(count / size), settle };
    for (const chunk of chunksOf(count, size, reach)) {
      const range = { from: chunk.start, to: chunk.end };
      await turns.before(MICROSECONDS_PER_UNIT * (range.to - range.from));
      load = await this.roomFor(range.to - range.from);
      const at = load.tape.next(reach);
      load.tape.write(vocabulary, units, range, at);
      load.pieces.push({ text, chunk, at });
    }
    this.expected -= count + reach;
    if (text.open === 0) settle();
    return { scored };
  }

  /** Hands over what still waits. */
  async flush(): Promise<void> {
    if (this.load !== undefined) await this.submit(this.load);
  }

  /** A load that has room for so many units. */
  private async roomFor(units: number): Promise<Load> {
    const { reach, wanted } = this.options;
    if (this.load !== undefined && this.load.tape.next(reach) + units > this.load.tape.capacity) {
      await this.submit(this.load);
    }
    if (this.load === undefined) {
      const capacity = Math.max(units, Math.min(UNITS_PER_TAPE, this.expected));
      const emissions = wanted.map(() => new Float32Array(4 * capacity));
      this.load = { tape: new Tape(capacity), pieces: [], emissions };
    }
    return this.load;
  }

  private async submit({ tape, pieces }: Load): Promise<void> {
    this.load = undefined;
    const { reach, rowUnits, answer } = this.options;
    if (this.underway.length >= TAPES_UNDER_WAY) await this.underway.shift();
    // The tape is cut as a long text is, wherever texts begin and end on it.
    const rows = [...chunksOf(tape.length, rowUnits - 2 * reach, reach)];
    this.underway.push(
      answer(rows.map(({ start, end }) => tape.row(start, end))).then(
        (answers) => {
          for (const piece of pieces) this.take(piece, rows, answers);
        },
        (error) => {
          for (const { text } of pieces) text.settle(error);
        },
      ),
    );
  }

  private take({ text, chunk, at }: Piece, rows: readonly Chunk[], answers: readonly RowScores[]): void {
    const { granularities, wanted, rowUnits, reach } = this.options;
    const shift = at - chunk.start; // from the text to the tape
    const size = rowUnits - 2 * reach;
    for (let first = chunk.coreStart; first < chunk.coreEnd; ) {
      const index = Math.floor((first + shift) / size);
      const row = rows[index]!;
      const { scores, from } = answers[index]!;
      const end = Math.min(chunk.coreEnd, row.coreEnd - shift);
      for (const [i, name] of wanted.entries()) {
        const granularity = granularities.indexOf(name);
        const place = from + first + shift - row.start;
        takeScores(
          text.emissions[i]!,
          text.units,
          { first, end },
          { scores, from: place, granularities: granularities.length, granularity },
        );
      }
      first = end;
    }
    if (--text.open === 0) text.settle();
  }
}
